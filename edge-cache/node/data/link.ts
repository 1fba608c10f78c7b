import { performance } from 'node:perf_hooks'

/** How long no exchange may succeed before the link counts as lost, in milliseconds: longer than any single exchange waits. */
const silenceMs = 20_000

/** What is known of the link to origin: the last exchange tells. */
export class Link {
  #lastSuccess: number | null = null
  readonly #onUp: (() => void)[] = []

  /** True while origin answers. */
  get online(): boolean {
    return this.#lastSuccess !== null && performance.now() - this.#lastSuccess < silenceMs
  }

  /** Called whenever the link comes up. */
  onUp(listener: () => void): void {
    this.#onUp.push(listener)
  }

  succeeded(): void {
    const wasOnline = this.online
    this.#lastSuccess = performance.now()
    if (!wasOnline) for (const listener of this.#onUp) listener()
  }

  failed(): void {
    this.#lastSuccess = null
  }
}
