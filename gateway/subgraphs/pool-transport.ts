import { type Dispatcher, errors, Pool } from 'undici'
import { rootCertificates } from 'node:tls'
import { AisleError } from '../../runtime/errors.ts'
import type { Deadlines, Limited } from './deadlines.ts'
import { decode } from './decode.ts'
import { fixedHeaders, sendableHeaders } from './request.ts'
import type { RawAnswer, SentHeaders, Transport, TransportOptions } from './transport.ts'

/** One request that ends when its time is over or nobody wants it any more. */
class Limit implements Limited {
  readonly deadline: number
  readonly signal: AbortSignal
  readonly abort = new AbortController()
  fault: 'SUBGRAPH_TIMEOUT' | 'REQUEST_CANCELLED' | null = null

  constructor(signal: AbortSignal, timeoutMs: number) {
    this.signal = signal
    this.deadline = performance.now() + timeoutMs
    if (signal.aborted) this.leave()
  }

  expire(): void {
    this.fault = 'SUBGRAPH_TIMEOUT'
    this.abort.abort()
  }

  leave(): void {
    this.fault = 'REQUEST_CANCELLED'
    this.abort.abort()
  }
}

const never = new AbortController().signal

/** HTTP/1.1 over undici's connections. */
export class PoolTransport implements Transport {
  readonly #path: string
  readonly #pool: Pool
  readonly #maxBytes: number
  readonly #deadlines: Deadlines

  constructor(url: URL, { connections, connectMs, maxBytes, authorities }: TransportOptions, deadlines: Deadlines) {
    this.#deadlines = deadlines
    this.#path = url.pathname + url.search
    this.#maxBytes = maxBytes
    this.#pool = new Pool(url.origin, {
      connections,
      pipelining: 1,
      maxResponseSize: maxBytes,
      connect: { timeout: connectMs, ...(authorities === undefined ? {} : { ca: [...rootCertificates, authorities] }) },
      // One timer for the whole answer stands in for those of its parts.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  post(body: string | Buffer, headers: SentHeaders, signal: AbortSignal, timeoutMs: number): Promise<RawAnswer> {
    return this.#send({ path: this.#path, method: 'POST', headers: { ...sendableHeaders(headers), ...fixedHeaders }, body }, timeoutMs, signal)
  }

  get(path: string, timeoutMs: number): Promise<RawAnswer> {
    return this.#send({ path, method: 'GET' }, timeoutMs)
  }

  async #send(request: Pick<Dispatcher.RequestOptions, 'path' | 'method' | 'headers' | 'body'>, timeoutMs: number, signal = never): Promise<RawAnswer> {
    const limit = new Limit(signal, timeoutMs)
    this.#deadlines.add(limit)
    try {
      const { statusCode, headers, body } = await this.#pool.request({ ...request, signal: limit.abort.signal })
      const bytes = Buffer.from(await body.arrayBuffer())
      const encoding = String(headers['content-encoding'] ?? '').trim().toLowerCase()
      const plain = encoding === '' ? bytes : await decode(bytes, encoding, this.#maxBytes)
      return { status: statusCode, text: plain.toString('utf8') }
    } catch (cause) {
      throw AisleError.is(cause) ? cause : this.#toFault(cause, limit)
    } finally {
      this.#deadlines.delete(limit)
    }
  }

  #toFault(cause: unknown, { fault }: Limit): AisleError {
    if (fault !== null) return new AisleError(fault, undefined, { cause })
    if (cause instanceof errors.ResponseExceededMaxSizeError) return new AisleError('SUBGRAPH_BAD_RESPONSE', `A service behind the gateway answered with more than ${this.#maxBytes} bytes.`)
    if (cause instanceof errors.HTTPParserError) return new AisleError('SUBGRAPH_BAD_RESPONSE', undefined, { cause })
    return new AisleError('SUBGRAPH_UNREACHABLE', undefined, { cause })
  }

  [Symbol.dispose](): void {
    void this.#pool.destroy()
  }
}
