import type { Deadlines } from '../deadlines.ts'
import { compileGet, compileRequest, type WriteRequest } from '../request.ts'
import type { RawAnswer, SentHeaders, Transport, TransportOptions } from '../transport.ts'
import { exchange } from './exchange.ts'
import { ConnectionPool } from './pool.ts'

const never = new AbortController().signal

/** Plain HTTP/1.1 over the connections of this folder. */
export class Http1Transport implements Transport {
  readonly #url: URL
  readonly #pool: ConnectionPool
  readonly #write: WriteRequest
  readonly #maxBytes: number
  readonly #deadlines: Deadlines

  constructor(url: URL, options: TransportOptions, deadlines: Deadlines) {
    const origin = { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? 80 : Number(url.port) }
    this.#url = url
    this.#pool = new ConnectionPool(origin, options)
    this.#write = compileRequest(url)
    this.#maxBytes = options.maxBytes
    this.#deadlines = deadlines
  }

  post(body: string | Buffer, headers: SentHeaders, signal: AbortSignal, timeoutMs: number): Promise<RawAnswer> {
    return exchange(this.#pool, this.#write(headers, body), signal, this.#deadlines, { timeoutMs, maxBytes: this.#maxBytes })
  }

  get(path: string, timeoutMs: number): Promise<RawAnswer> {
    return exchange(this.#pool, compileGet(this.#url, path), never, this.#deadlines, { timeoutMs, maxBytes: this.#maxBytes })
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]()
  }
}
