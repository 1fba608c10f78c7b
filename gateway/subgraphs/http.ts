import { AisleError } from '../../runtime/errors.ts'
import { isObject } from '../../runtime/json.ts'
import { exchange, type RawAnswer } from './exchange.ts'
import { ConnectionPool } from './http1/pool.ts'
import { compileGet, compileRequest, type WriteRequest } from './request.ts'
import type { RequestScope, SubgraphReply } from './types.ts'

export interface HttpOptions {
  /** Largest answer accepted, in bytes. */
  readonly maxResponseBytes: number
  /** Connections kept open to one subgraph. */
  readonly connections: number
}

/** The keep-alive connections to one subgraph. */
export class HttpSubgraph implements Disposable {
  readonly #url: URL
  readonly #pool: ConnectionPool
  readonly #write: WriteRequest
  readonly #maxBytes: number

  constructor(url: string, options: HttpOptions) {
    this.#url = new URL(url)
    const { protocol, hostname, port } = this.#url
    const secure = protocol === 'https:'
    const origin = { secure, host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? (secure ? 443 : 80) : Number(port) }
    this.#maxBytes = options.maxResponseBytes
    this.#pool = new ConnectionPool(origin, { connections: options.connections, maxBytes: this.#maxBytes })
    this.#write = compileRequest(this.#url)
  }

  /**
   * @param timeoutMs longest wait for the whole answer
   * @throws AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_BAD_RESPONSE (too large, not HTTP), REQUEST_CANCELLED
   */
  post(body: string, { headers, signal }: Pick<RequestScope, 'headers' | 'signal'>, timeoutMs: number): Promise<RawAnswer> {
    return exchange(this.#pool, this.#write(headers, body), signal, { timeoutMs, maxBytes: this.#maxBytes })
  }

  /** The status of a plain GET at another path of the same server. @throws what {@link HttpSubgraph.post} throws */
  async probe(path: string, timeoutMs: number): Promise<number> {
    const { status } = await exchange(this.#pool, compileGet(this.#url, path), new AbortController().signal, { timeoutMs, maxBytes: this.#maxBytes })
    return status
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]()
  }
}

/**
 * A GraphQL answer counts whatever its HTTP status is; anything else is reported with the status it came with.
 * @throws AisleError SUBGRAPH_BAD_RESPONSE
 */
export function readReply({ status, text }: RawAnswer): SubgraphReply {
  const answer = parseJson(text)
  if (isObject(answer)) {
    const data = isObject(answer.data) ? answer.data : null
    const hasErrors = Array.isArray(answer.errors) && answer.errors.length > 0
    if (data !== null || hasErrors) return { data, errors: answer.errors, plain: isPlain(text) }
  }
  throw new AisleError('SUBGRAPH_BAD_RESPONSE', undefined, { details: { status } })
}

/** JSON in UTF-8 without a backslash has no string that is written differently from how it reads: neither quotes nor control characters stand bare in one. */
function isPlain(text: string): boolean {
  return !text.includes('\\')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
