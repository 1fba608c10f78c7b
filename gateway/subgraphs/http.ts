import { Pool } from 'undici'
import { AisleError } from '../../runtime/errors.ts'
import { isObject } from '../../runtime/json.ts'
import { acceptedEncodings } from './decode.ts'
import { createExchange, type RawAnswer } from './exchange.ts'
import type { RequestScope, SubgraphReply } from './types.ts'

const ownHeaders = { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json', 'accept-encoding': acceptedEncodings }

export interface HttpOptions {
  /** Largest answer accepted, in bytes. */
  readonly maxResponseBytes: number
  /** Connections kept open to one subgraph. */
  readonly connections: number
}

/** The keep-alive connections to one subgraph. */
export class HttpSubgraph implements AsyncDisposable {
  readonly #pool: Pool
  readonly #path: string
  readonly #options: HttpOptions

  constructor(url: string, options: HttpOptions) {
    const { origin, pathname, search } = new URL(url)
    this.#pool = new Pool(origin, { connections: options.connections, pipelining: 1, keepAliveTimeout: 30_000, headersTimeout: 0, bodyTimeout: 0 })
    this.#path = pathname + search
    this.#options = options
  }

  /**
   * @param timeoutMs longest wait for the whole answer
   * @throws AisleError SUBGRAPH_UNREACHABLE, SUBGRAPH_TIMEOUT, SUBGRAPH_BAD_RESPONSE (too large), REQUEST_CANCELLED
   */
  post(body: string, { headers, signal }: Pick<RequestScope, 'headers' | 'signal'>, timeoutMs: number): Promise<RawAnswer> {
    const { answer, handler } = createExchange(signal, { timeoutMs, maxBytes: this.#options.maxResponseBytes })
    if (!signal.aborted) this.#pool.dispatch({ path: this.#path, method: 'POST', headers: { ...headers, ...ownHeaders }, body }, handler)
    return answer
  }

  /** The status of a plain GET at another path of the same server. */
  async probe(path: string, timeoutMs: number): Promise<number> {
    const { statusCode, body } = await this.#pool.request({ path, method: 'GET', signal: AbortSignal.timeout(timeoutMs) })
    await body.dump()
    return statusCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
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
    if (data !== null || hasErrors) return { data, errors: answer.errors }
  }
  throw new AisleError('SUBGRAPH_BAD_RESPONSE', undefined, { details: { status } })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
