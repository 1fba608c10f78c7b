/** A pause that can be cut short; a ring while nobody waits counts for the next wait. */
export class Alarm {
  #rung = false
  #wake: (() => void) | null = null

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves after `ms` milliseconds (never, for Infinity) or at the next ring, if none came since the last wait. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (Number.isFinite(ms)) timer = setTimeout(resolve, ms)
      })
      clearTimeout(timer)
      this.#wake = null
    }
    this.#rung = false
  }
}
