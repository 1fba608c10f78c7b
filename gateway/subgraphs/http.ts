import { Pool } from 'undici'
import { AisleError } from '../../runtime/errors.ts'
import { acceptedEncodings, decode } from './decode.ts'
import { isObject } from '../../runtime/json.ts'
import type { RequestScope, SubgraphReply } from './types.ts'

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
}

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
  async post(body: string, scope: Pick<RequestScope, 'headers' | 'signal'>, timeoutMs: number): Promise<RawAnswer> {
    const abort = new AbortController()
    const leave = (): void => abort.abort(scope.signal.reason)
    if (scope.signal.aborted) leave()
    scope.signal.addEventListener('abort', leave)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      abort.abort()
    }, timeoutMs)
    try {
      const { statusCode, headers, body: stream } = await this.#pool.request({
        path: this.#path,
        method: 'POST',
        headers: { ...scope.headers, 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json', 'accept-encoding': acceptedEncodings },
        body,
        signal: abort.signal,
      })
      return { status: statusCode, text: await readText(stream, headers['content-encoding'], this.#options.maxResponseBytes) }
    } catch (error) {
      if (AisleError.is(error)) throw error
      if (scope.signal.aborted) throw new AisleError('REQUEST_CANCELLED', undefined, { cause: error })
      throw new AisleError(timedOut ? 'SUBGRAPH_TIMEOUT' : 'SUBGRAPH_UNREACHABLE', undefined, { cause: error })
    } finally {
      clearTimeout(timer)
      scope.signal.removeEventListener('abort', leave)
    }
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

async function readText(stream: AsyncIterable<Uint8Array>, encoding: string | string[] | undefined, limit: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > limit) throw new AisleError('SUBGRAPH_BAD_RESPONSE', `A service behind the gateway answered with more than ${limit} bytes.`)
    chunks.push(chunk)
  }
  const body = chunks.length === 1 && chunks[0] !== undefined ? Buffer.from(chunks[0].buffer, chunks[0].byteOffset, chunks[0].byteLength) : Buffer.concat(chunks)
  return (encoding === undefined ? body : await decode(body, String(encoding).toLowerCase(), limit)).toString('utf8')
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
