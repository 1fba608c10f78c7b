import { AisleError } from '../../runtime/errors.ts'
import { HttpSubgraph, type HttpOptions } from './http.ts'
import { SubgraphStreams } from './stream.ts'
import type { RequestScope, SubgraphReply, Subgraphs } from './types.ts'

/** Told about every request to a subgraph once it is over: seconds it took, and its error code if it failed. */
export type ObserveFetch = (service: string, seconds: number, failure: string | null) => void

interface Endpoint {
  readonly url: string
  readonly http: HttpSubgraph
  readonly streams: SubgraphStreams
}

/** Reaches every subgraph of one supergraph over its network interfaces. */
export class SubgraphClient implements Subgraphs, AsyncDisposable {
  readonly #endpoints: ReadonlyMap<string, Endpoint>
  readonly #observe: ObserveFetch

  constructor(urls: ReadonlyMap<string, string>, options: HttpOptions, observe: ObserveFetch) {
    this.#endpoints = new Map([...urls].map(([name, url]) => [name, { url, http: new HttpSubgraph(url, options), streams: new SubgraphStreams(url) }]))
    this.#observe = observe
  }

  get names(): string[] {
    return [...this.#endpoints.keys()]
  }

  async request(service: string, body: string, scope: RequestScope): Promise<SubgraphReply> {
    const started = performance.now()
    let failure: string | null = null
    try {
      return await this.#endpoint(service).http.post(body, scope)
    } catch (error) {
      failure = AisleError.is(error) ? error.code : 'INTERNAL_SERVER_ERROR'
      throw error
    } finally {
      this.#observe(service, (performance.now() - started) / 1000, failure)
    }
  }

  subscribe(service: string, body: string, scope: RequestScope): AsyncIterable<SubgraphReply> {
    return this.#endpoint(service).streams.subscribe(body, scope)
  }

  /** Null when the subgraph serves, by its own `/health/ready` where it has one, else by answering a query. */
  async problem(service: string, timeoutMs: number): Promise<string | null> {
    const { http } = this.#endpoint(service)
    try {
      const status = await http.probe('/health/ready', timeoutMs)
      if (status === 200) return null
      if (status === 503) return 'not ready'
      await http.post('{"query":"{__typename}"}', { headers: {}, signal: AbortSignal.timeout(timeoutMs) })
      return null
    } catch {
      return 'unreachable'
    }
  }

  #endpoint(service: string): Endpoint {
    const endpoint = this.#endpoints.get(service)
    if (endpoint === undefined) throw new AisleError('SUBGRAPH_UNREACHABLE', `The supergraph has no subgraph "${service}".`)
    return endpoint
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#endpoints.values()].flatMap(({ http, streams }) => [http[Symbol.asyncDispose](), streams[Symbol.asyncDispose]()]))
  }
}
