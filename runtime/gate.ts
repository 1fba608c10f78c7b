import { AisleError, type ErrorCode } from './errors.ts'

export interface GateOptions {
  /** Most at work at once. */
  readonly atOnce: number
  /** Most that wait for their turn; more are told to come back later. */
  readonly queue: number
  /** What those are told (default: ORIGIN_BUSY). */
  readonly code?: ErrorCode
}

/**
 * Lets a bounded number work at once, the others in their order, and turns away whom it could not serve soon: a crowd then costs
 * others nothing, and each of it gets its turn.
 */
export class Gate {
  readonly #options: GateOptions
  readonly #queue: (() => void)[] = []
  #working = 0
  /** Smoothed time of one piece of work, in milliseconds. */
  #each = 5

  constructor(options: GateOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#queue.length
  }

  /**
   * Runs `work` in its turn.
   * @throws AisleError ORIGIN_BUSY, or the code it was given, with `retryAfterSeconds` by when those who wait now should have been served.
   */
  async run<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const turn = this.enter()
    if (turn !== null) await turn
    const began = performance.now()
    try {
      signal?.throwIfAborted()
      return await work()
    } finally {
      this.leave(performance.now() - began)
    }
  }

  /**
   * Takes a place, which must be left again. Null when there is one, else a promise of it.
   * @throws AisleError as {@link Gate.run} does
   */
  enter(): Promise<void> | null {
    const { atOnce, queue, code = 'ORIGIN_BUSY' } = this.#options
    if (this.#working < atOnce) {
      this.#working += 1
      return null
    }
    if (this.#queue.length >= queue) {
      throw new AisleError(code, undefined, { details: { retryAfterSeconds: Math.max(1, Math.ceil((this.#queue.length * this.#each) / atOnce / 1000)) } })
    }
    // Whoever is let in has the place of the one who left.
    return new Promise<void>((resolve) => this.#queue.push(resolve))
  }

  /** @param ms how long the work took, in milliseconds */
  leave(ms: number): void {
    this.#each += (ms - this.#each) / 20
    const next = this.#queue.shift()
    if (next === undefined) this.#working -= 1
    else next()
  }
}
