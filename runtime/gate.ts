import { AisleError, type ErrorCode } from './errors.ts'

export interface GateOptions {
  /** Most at work at once. */
  readonly atOnce: number
  /** Most that wait for their turn; more are told to come back later. */
  readonly queue: number
  /** What those are told (default: ORIGIN_BUSY). */
  readonly code?: ErrorCode
}

interface Waiter {
  readonly who: string | null
  /** When it came, or came first; by `performance.now()`. */
  readonly since: number
  readonly admit: () => void
  readonly refuse: (error: unknown) => void
}

/** How long somebody who was turned away is expected back, in milliseconds, and how many of them are remembered. */
const expectedMs = 600_000
const mostExpected = 10_000

/**
 * Lets a bounded number work at once, the others in their order, and turns away whom it could not serve soon: a crowd then costs
 * others nothing, and each of it gets its turn. Who says who he is keeps his place when he is turned away: at his return he stands before all who came
 * after his first try, and where there is no room the last of them goes instead of him.
 */
export class Gate {
  readonly #options: GateOptions
  /** Oldest first. */
  readonly #queue: Waiter[] = []
  /** Who was turned away, and when each came first; oldest first. */
  readonly #expected = new Map<string, number>()
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
   * @param who by what name to be known at the next try
   * @throws AisleError ORIGIN_BUSY, or the code it was given, with `retryAfterSeconds` by when those who wait now, and those told to come back before, should have been served.
   */
  async run<Result>(work: () => Promise<Result>, signal?: AbortSignal, who?: string): Promise<Result> {
    const turn = this.enter(who, signal)
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
   * The same for what does not end with a function: its place is held until what is returned is called, once or more.
   * @throws what `run` throws
   */
  async hold(signal?: AbortSignal, who?: string): Promise<() => void> {
    await this.enter(who, signal)
    const began = performance.now()
    let held = true
    const leave = (): void => {
      if (held) this.leave(performance.now() - began)
      held = false
    }
    if (signal?.aborted === true) leave()
    signal?.throwIfAborted()
    return leave
  }

  /**
   * Takes a place, which must be left again. Null when there is one, else a promise of it; who gives up waiting (`signal`) makes room for others.
   * @throws AisleError as {@link Gate.run} does; so does the promise, when the place goes to somebody who came before
   */
  enter(who: string | null = null, signal?: AbortSignal): Promise<void> | null {
    if (this.#working < this.#options.atOnce) {
      this.#working += 1
      if (who !== null) this.#expected.delete(who)
      return null
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const came = performance.now()
    const waiter: Waiter = { who, since: who === null ? came : (this.#expected.get(who) ?? came), admit: resolve, refuse: reject }
    const behind = this.#queue.findLastIndex(({ since }) => since <= waiter.since)
    this.#queue.splice(behind + 1, 0, waiter)
    if (this.#queue.length > this.#options.queue) {
      const last = this.#queue.pop()
      if (last === waiter) throw this.#turnAway(waiter)
      last?.refuse(this.#turnAway(last))
    }
    if (signal !== undefined) this.#giveUp(waiter, signal, promise)
    return promise
  }

  /** @param ms how long the work took, in milliseconds */
  leave(ms: number): void {
    this.#each += (ms - this.#each) / 20
    // Whoever is let in has the place of the one who left.
    const next = this.#queue.shift()
    if (next === undefined) {
      this.#working -= 1
      return
    }
    if (next.who !== null) this.#expected.delete(next.who)
    next.admit()
  }

  /** Each of a crowd is told a later time than the one before, so that they come back as fast as they can be served. */
  #turnAway({ who, since }: Waiter): AisleError {
    const { atOnce, code = 'ORIGIN_BUSY' } = this.#options
    this.#forget()
    if (who !== null && !this.#expected.has(who)) this.#expected.set(who, since)
    const before = this.#queue.length + this.#expected.size
    return new AisleError(code, undefined, { details: { retryAfterSeconds: Math.max(1, Math.ceil((before * this.#each) / atOnce / 1000)) } })
  }

  #forget(): void {
    const now = performance.now()
    for (const [who, since] of this.#expected) {
      if (this.#expected.size < mostExpected && now - since < expectedMs) break
      this.#expected.delete(who)
    }
  }

  #giveUp(waiter: Waiter, signal: AbortSignal, turn: Promise<void>): void {
    const leave = (): void => {
      const at = this.#queue.indexOf(waiter)
      if (at < 0) return
      this.#queue.splice(at, 1)
      waiter.refuse(signal.reason)
    }
    signal.addEventListener('abort', leave)
    const settled = (): void => signal.removeEventListener('abort', leave)
    turn.then(settled, settled)
    if (signal.aborted) leave()
  }
}
