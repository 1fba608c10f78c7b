import { performance } from 'node:perf_hooks'

/**
 * How long nothing may be heard before the link counts as lost, in milliseconds: longer than a request for changes is held, and
 * far shorter than what it takes to give up a connection whose other end is gone.
 */
const silenceMs = 9_000

/** What is known of the link to origin: the last exchange tells. */
export class Link {
  #lastHeard: number | null = null
  readonly #onUp: (() => void)[] = []

  /** True while origin answers. */
  get online(): boolean {
    return this.#lastHeard !== null && performance.now() - this.#lastHeard < silenceMs
  }

  /** Called whenever the link comes up. */
  onUp(listener: () => void): void {
    this.#onUp.push(listener)
  }

  succeeded(): void {
    const wasOnline = this.online
    this.#lastHeard = performance.now()
    if (!wasOnline) for (const listener of this.#onUp) listener()
  }

  /** Something of an answer came: it keeps up a link that is up, however long the answer takes. */
  heard(): void {
    if (this.#lastHeard !== null) this.succeeded()
  }

  failed(): void {
    this.#lastHeard = null
  }
}
