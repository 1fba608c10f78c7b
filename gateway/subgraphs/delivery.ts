import { setTimeout as pause } from 'node:timers/promises'
import { AisleError } from '../../runtime/errors.ts'
import type { CircuitBreaker } from './breaker.ts'
import type { RawAnswer } from './exchange.ts'
import type { HttpSubgraph } from './http.ts'
import type { RequestScope } from './types.ts'

export interface DeliveryOptions {
  /** Longest wait for an answer, all attempts together, in milliseconds. */
  readonly timeoutMs: number
  /** How often a query is sent again after it failed. */
  readonly retries: number
}

/** The first pause before a request is sent again lasts up to this long, in milliseconds; each further one twice as long. */
const firstPauseMs = 50

/** Sent by a subgraph, or a balancer before it, that cannot serve right now. */
const unavailable: ReadonlySet<number> = new Set([502, 503, 504])

/** Brings requests to one subgraph: again where that is safe and may help, not at all while its circuit is open. */
export class Delivery {
  readonly #http: HttpSubgraph
  readonly #breaker: CircuitBreaker
  readonly #options: DeliveryOptions
  readonly #onRetry: () => void

  constructor(http: HttpSubgraph, breaker: CircuitBreaker, options: DeliveryOptions, onRetry: () => void) {
    this.#http = http
    this.#breaker = breaker
    this.#options = options
    this.#onRetry = onRetry
  }

  /** @throws AisleError SUBGRAPH_CIRCUIT_OPEN and what {@link HttpSubgraph.post} throws */
  async send(body: string, scope: Pick<RequestScope, 'headers' | 'signal'>, repeatable: boolean): Promise<RawAnswer> {
    const { timeoutMs, retries } = this.#options
    const deadline = performance.now() + timeoutMs
    for (let attempt = 0; ; attempt++) {
      const remainingMs = attempt === 0 ? timeoutMs : deadline - performance.now()
      const last = !repeatable || attempt >= retries
      // Pauses differ by chance, so that the requests that failed together do not come back together.
      const pauseMs = firstPauseMs * 2 ** attempt * (0.5 + Math.random() / 2)
      try {
        const answer = await this.#once(body, scope, remainingMs)
        if (last || !unavailable.has(answer.status) || performance.now() + pauseMs >= deadline) return answer
      } catch (error) {
        const again = AisleError.is(error) && error.code === 'SUBGRAPH_UNREACHABLE'
        if (last || !again || performance.now() + pauseMs >= deadline) throw error
      }
      this.#onRetry()
      await waitFor(pauseMs, scope.signal)
    }
  }

  async #once(body: string, scope: Pick<RequestScope, 'headers' | 'signal'>, timeoutMs: number): Promise<RawAnswer> {
    this.#breaker.enter()
    try {
      const answer = await this.#http.post(body, scope, timeoutMs)
      if (unavailable.has(answer.status)) this.#breaker.failed()
      else this.#breaker.succeeded()
      return answer
    } catch (error) {
      const code = AisleError.is(error) ? error.code : null
      if (code === 'SUBGRAPH_UNREACHABLE' || code === 'SUBGRAPH_TIMEOUT') this.#breaker.failed()
      else this.#breaker.undecided()
      throw error
    }
  }
}

/** @throws AisleError REQUEST_CANCELLED */
async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, { signal })
  } catch (cause) {
    throw new AisleError('REQUEST_CANCELLED', undefined, { cause })
  }
}
