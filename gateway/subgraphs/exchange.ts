import { AisleError } from '../../runtime/errors.ts'
import { decode } from './decode.ts'
import type { Connection, Waiting } from './http1/connection.ts'
import { MalformedResponse } from './http1/head.ts'
import type { ConnectionPool } from './http1/pool.ts'
import { type Received, TooLarge } from './http1/receiver.ts'

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
}

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
export function exchange(pool: ConnectionPool, request: string | Buffer, signal: AbortSignal, limits: ExchangeLimits): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(new AisleError('REQUEST_CANCELLED'))
    else pool.send(request, new Exchange(pool, signal, limits, resolve, reject))
  })
}

class Exchange implements Waiting {
  connection: Connection | null = null
  readonly #pool: ConnectionPool
  readonly #signal: AbortSignal
  readonly #maxBytes: number
  readonly #resolve: (answer: RawAnswer) => void
  readonly #reject: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  readonly #leave = (): void => this.#giveUp(new AisleError('REQUEST_CANCELLED'))

  constructor(pool: ConnectionPool, signal: AbortSignal, { timeoutMs, maxBytes }: ExchangeLimits, resolve: (answer: RawAnswer) => void, reject: (error: unknown) => void) {
    this.#pool = pool
    this.#signal = signal
    this.#maxBytes = maxBytes
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(() => this.#giveUp(new AisleError('SUBGRAPH_TIMEOUT')), timeoutMs)
    signal.addEventListener('abort', this.#leave)
  }

  answered({ head: { status, encoding }, body }: Received): void {
    this.#end()
    if (encoding === null) this.#resolve({ status, text: body.toString('utf8') })
    else decode(Buffer.from(body), encoding, this.#maxBytes).then((unpacked) => this.#resolve({ status, text: unpacked.toString('utf8') }), this.#reject)
  }

  failed(cause: Error): void {
    this.#end()
    this.#reject(toFault(cause, this.#maxBytes))
  }

  #giveUp(error: AisleError): void {
    this.#end()
    this.#pool.abandon(this)
    this.#reject(error)
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#leave)
  }
}

function toFault(cause: Error, maxBytes: number): AisleError {
  if (cause instanceof TooLarge) return new AisleError('SUBGRAPH_BAD_RESPONSE', `A service behind the gateway answered with more than ${maxBytes} bytes.`)
  if (cause instanceof MalformedResponse) return new AisleError('SUBGRAPH_BAD_RESPONSE', undefined, { cause })
  return new AisleError('SUBGRAPH_UNREACHABLE', undefined, { cause })
}
