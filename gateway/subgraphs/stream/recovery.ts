/** The pause before the first attempt, and the longest between two, in milliseconds. */
const firstPauseMs = 100
const maxPauseMs = 5_000
/** A source that was there for less time than this, in milliseconds, has not come back. */
const settledMs = 5_000

/** How one source of events is sought again after it was lost: less and less often, and not for ever. */
export class Recovery {
  readonly #limitMs: number
  #lostAt: number | null = null
  #foundAt: number | null = null
  #attempts = 0
  #reached = false

  /** @param limitMs how long a lost source is sought */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** True once the source has ever answered: one that never did may not exist at all. */
  get reached(): boolean {
    return this.#reached
  }

  found(): void {
    this.#reached = true
    this.#foundAt ??= performance.now()
  }

  /** The source is not there (any more). True while it is worth trying again. */
  mayRetry(): boolean {
    if (!this.#reached) return false
    const now = performance.now()
    if (this.#foundAt !== null && now - this.#foundAt > settledMs) {
      this.#lostAt = null
      this.#attempts = 0
    }
    this.#foundAt = null
    this.#lostAt ??= now
    return now - this.#lostAt < this.#limitMs
  }

  /** Milliseconds to wait now; they differ by chance, so that those who lost it together do not come back together. */
  nextPause(): number {
    return Math.min(maxPauseMs, firstPauseMs * 2 ** this.#attempts++) * (0.5 + Math.random() / 2)
  }
}
