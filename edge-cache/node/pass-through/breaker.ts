import { performance } from 'node:perf_hooks'

export interface BreakerOptions {
  /** Failures in a row after which nobody is asked for a while. */
  readonly failures?: number
  /** The first such while in milliseconds; each further one is twice as long. */
  readonly firstPauseMs?: number
  readonly mostPauseMs?: number
}

/** Spares who asks the wait for a server that does not answer: after some failures in a row only one request now and then tries it. */
export class Breaker {
  readonly #limit: number
  readonly #firstPauseMs: number
  readonly #mostPauseMs: number
  #failures = 0
  /** On the monotonic clock; nobody is asked before it. */
  #until = 0
  #trying = false

  constructor({ failures = 3, firstPauseMs = 1_000, mostPauseMs = 30_000 }: BreakerOptions = {}) {
    this.#limit = failures
    this.#firstPauseMs = firstPauseMs
    this.#mostPauseMs = mostPauseMs
  }

  /** Whether a request would be let through now. */
  get closed(): boolean {
    return this.#failures < this.#limit || (!this.#trying && performance.now() >= this.#until)
  }

  /** Lets a request through or not; who is let through says how it went. */
  enter(): boolean {
    if (!this.closed) return false
    if (this.#failures >= this.#limit) this.#trying = true
    return true
  }

  succeeded(): void {
    this.#failures = 0
    this.#trying = false
  }

  failed(): void {
    const now = performance.now()
    // Those that were under way when it opened tell nothing new.
    if (this.#failures >= this.#limit && now < this.#until) return
    this.#failures += 1
    this.#trying = false
    if (this.#failures < this.#limit) return
    const pause = Math.min(this.#mostPauseMs, this.#firstPauseMs * 2 ** Math.min(20, this.#failures - this.#limit))
    // Nodes that lost the same gateway at the same time must not all come back at the same time.
    this.#until = now + pause * (0.5 + Math.random() / 2)
  }
}
