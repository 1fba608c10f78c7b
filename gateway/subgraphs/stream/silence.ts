/**
 * Notices that a sender has fallen silent. Nothing makes the sender of an event stream speak, so that silence means
 * something only once it has sent a heartbeat: from then on it is missed after a while, or after twice the longest
 * pause between two of them, whichever is longer.
 */
export class SilenceWatch implements Disposable {
  readonly #abort = new AbortController()
  readonly #limitMs: number
  #timer: NodeJS.Timeout | null = null
  #lastBeat: number | null = null
  #longestPause = 0

  /** @param limitMs shortest silence that counts, in milliseconds; 0 notices none */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** Aborted when the silence has lasted too long. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Something came. */
  onSign(): void {
    this.#timer?.refresh()
  }

  onHeartbeat(): void {
    const now = performance.now()
    if (this.#lastBeat !== null) this.#longestPause = Math.max(this.#longestPause, now - this.#lastBeat)
    this.#lastBeat = now
    if (this.#limitMs === 0) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#abort.abort(new Error('the sender has fallen silent')), Math.max(this.#limitMs, 2 * this.#longestPause)).unref()
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
