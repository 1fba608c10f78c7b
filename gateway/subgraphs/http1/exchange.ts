import { AisleError } from '../../../runtime/errors.ts'
import type { Deadlines, Limited } from '../deadlines.ts'
import { decode } from '../decode.ts'
import type { RawAnswer } from '../transport.ts'
import type { Connection, Waiting } from './connection.ts'
import { MalformedResponse } from './head.ts'
import type { ConnectionPool } from './pool.ts'
import { type Received, TooLarge } from './receiver.ts'

export interface ExchangeLimits {
  /** Longest wait for the whole answer, in milliseconds. */
  readonly timeoutMs: number
  /** Largest answer, in bytes. */
  readonly maxBytes: number
}

/**
 * Sends one request and waits for its answer, for so long and while somebody wants it.
 * @param request a whole HTTP/1.1 request
 * @throws AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_BAD_RESPONSE or REQUEST_CANCELLED
 */
export function exchange(pool: ConnectionPool, request: string | Buffer, signal: AbortSignal, deadlines: Deadlines, limits: ExchangeLimits): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(new AisleError('REQUEST_CANCELLED'))
    else new Exchange(pool, signal, deadlines, limits, resolve, reject).start(request)
  })
}

class Exchange implements Waiting, Limited {
  connection: Connection | null = null
  readonly #pool: ConnectionPool
  readonly signal: AbortSignal
  readonly deadline: number
  readonly #deadlines: Deadlines
  readonly #maxBytes: number
  readonly #resolve: (answer: RawAnswer) => void
  readonly #reject: (error: unknown) => void

  constructor(pool: ConnectionPool, signal: AbortSignal, deadlines: Deadlines, { timeoutMs, maxBytes }: ExchangeLimits, resolve: (answer: RawAnswer) => void, reject: (error: unknown) => void) {
    this.#pool = pool
    this.signal = signal
    this.deadline = performance.now() + timeoutMs
    this.#deadlines = deadlines
    this.#maxBytes = maxBytes
    this.#resolve = resolve
    this.#reject = reject
  }

  start(request: string | Buffer): void {
    this.#deadlines.add(this)
    this.#pool.send(request, this)
  }

  expire(): void {
    this.#giveUp(new AisleError('SUBGRAPH_TIMEOUT'))
  }

  leave(): void {
    this.#giveUp(new AisleError('REQUEST_CANCELLED'))
  }

  answered({ head: { status, encoding }, body }: Received): void {
    this.#deadlines.delete(this)
    if (encoding === null) this.#resolve({ status, text: body.toString('utf8') })
    else decode(Buffer.from(body), encoding, this.#maxBytes).then((unpacked) => this.#resolve({ status, text: unpacked.toString('utf8') }), this.#reject)
  }

  failed(cause: Error): void {
    this.#deadlines.delete(this)
    this.#reject(toFault(cause, this.#maxBytes))
  }

  #giveUp(error: AisleError): void {
    this.#deadlines.delete(this)
    this.#pool.abandon(this)
    this.#reject(error)
  }
}

function toFault(cause: Error, maxBytes: number): AisleError {
  if (cause instanceof TooLarge) return new AisleError('SUBGRAPH_BAD_RESPONSE', `A service behind the gateway answered with more than ${maxBytes} bytes.`)
  if (cause instanceof MalformedResponse) return new AisleError('SUBGRAPH_BAD_RESPONSE', undefined, { cause })
  return new AisleError('SUBGRAPH_UNREACHABLE', undefined, { cause })
}
