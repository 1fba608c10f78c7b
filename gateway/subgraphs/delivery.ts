import { setTimeout as pause } from 'node:timers/promises'
import { AisleError } from '../../runtime/errors.ts'
import type { CircuitBreaker } from './breaker.ts'
import type { RawAnswer, Transport } from './transport.ts'
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
  readonly #transport: Transport
  readonly #breaker: CircuitBreaker
  readonly #options: DeliveryOptions
  readonly #onRetry: () => void

  constructor(transport: Transport, breaker: CircuitBreaker, options: DeliveryOptions, onRetry: () => void) {
    this.#transport = transport
    this.#breaker = breaker
    this.#options = options
    this.#onRetry = onRetry
  }

  /** @throws AisleError SUBGRAPH_CIRCUIT_OPEN and what {@link Transport.post} throws */
  async send(body: string, scope: Pick<RequestScope, 'headers' | 'signal'>, repeatable: boolean): Promise<RawAnswer> {
    const { timeoutMs } = this.#options
    const deadline = performance.now() + timeoutMs
    for (let attempt = 0; ; attempt++) {
      let answer: RawAnswer | null = null
      let failure: unknown = null
      this.#breaker.enter()
      try {
        answer = await this.#transport.post(body, scope.headers, scope.signal, attempt === 0 ? timeoutMs : deadline - performance.now())
      } catch (error) {
        failure = error
      }
      const code = AisleError.is(failure) ? failure.code : null
      if (answer === null ? code === 'SUBGRAPH_UNREACHABLE' || code === 'SUBGRAPH_TIMEOUT' : unavailable.has(answer.status)) this.#breaker.failed()
      else if (answer === null) this.#breaker.undecided()
      else this.#breaker.succeeded()
      if (answer === null ? code !== 'SUBGRAPH_UNREACHABLE' : !unavailable.has(answer.status)) return result(answer, failure)
      // Pauses differ by chance, so that the requests that failed together do not come back together.
      const pauseMs = firstPauseMs * 2 ** attempt * (0.5 + Math.random() / 2)
      if (!repeatable || attempt >= this.#options.retries || performance.now() + pauseMs >= deadline) return result(answer, failure)
      this.#onRetry()
      await waitFor(pauseMs, scope.signal)
    }
  }
}

function result(answer: RawAnswer | null, failure: unknown): RawAnswer {
  if (answer === null) throw failure
  return answer
}

/** @throws AisleError REQUEST_CANCELLED */
async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, { signal })
  } catch (cause) {
    throw new AisleError('REQUEST_CANCELLED', undefined, { cause })
  }
}
