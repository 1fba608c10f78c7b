/** Something that ends by itself unless it is over in time. */
export interface Limited {
  /** When it ends at the latest, by `performance.now()`. */
  readonly deadline: number
  readonly signal: AbortSignal
  /** The deadline has passed. */
  expire(): void
  /** The signal was aborted. */
  leave(): void
}

/** How often everything running is looked through, in milliseconds: so late an end may be noticed. */
const lookMs = 20

/**
 * Watches all that runs for its deadline and for whether anybody still wants it, with one timer for all: a timer and a listener for each
 * request, nearly always taken back unused, cost more than looking through the few that run.
 */
export class Deadlines implements Disposable {
  readonly #running = new Set<Limited>()
  #timer: NodeJS.Timeout | null = null

  add(limited: Limited): void {
    this.#running.add(limited)
    this.#timer ??= setInterval(() => this.#look(), lookMs).unref()
  }

  delete(limited: Limited): void {
    this.#running.delete(limited)
  }

  #look(): void {
    if (this.#running.size === 0) return this[Symbol.dispose]()
    const now = performance.now()
    for (const limited of this.#running) {
      if (limited.signal.aborted) limited.leave()
      else if (now >= limited.deadline) limited.expire()
    }
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }
}
