/** Counts what is using something that is closed once nothing does. */
export class Usage {
  #active = 0
  #onIdle: (() => void) | null = null

  enter(): void {
    this.#active++
  }

  leave(): void {
    this.#active--
    if (this.#active === 0) this.#onIdle?.()
  }

  /** Resolves as soon as nothing uses it. */
  async idle(): Promise<void> {
    if (this.#active === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }
}
