import type { Deadlines } from './deadlines.ts'
import { Http1Transport } from './http1/transport.ts'
import { PoolTransport } from './pool-transport.ts'

/** An answer as it came, but for its content encoding. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
}

/** Names of headers in lower case. */
export type SentHeaders = Readonly<Record<string, string>>

/** How requests reach one server, on connections that are kept. */
export interface Transport extends Disposable {
  /**
   * POSTs JSON to the URL of the transport.
   * @param timeoutMs longest wait for the whole answer
   * @throws AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_BAD_RESPONSE (too large, not HTTP), REQUEST_CANCELLED
   */
  post(body: string | Buffer, headers: SentHeaders, signal: AbortSignal, timeoutMs: number): Promise<RawAnswer>
  /** GETs another path of the same server. @throws what {@link Transport.post} throws */
  get(path: string, timeoutMs: number): Promise<RawAnswer>
}

export interface TransportOptions {
  /** Largest answer accepted, in bytes. */
  readonly maxBytes: number
  /** Connections kept open to the server. */
  readonly connections: number
  /** Longest wait for a connection to open, in milliseconds. */
  readonly connectMs: number
  /** Certificates of authorities that are trusted beside the usual ones, as PEM; with `https:` only. */
  readonly authorities?: string
}

/** The connections to the server of a URL: our own over plain TCP, where that is worth it; undici's where TLS is part of it. */
export function openTransport(url: URL, options: TransportOptions, deadlines: Deadlines): Transport {
  return url.protocol === 'https:' ? new PoolTransport(url, options, deadlines) : new Http1Transport(url, options, deadlines)
}
