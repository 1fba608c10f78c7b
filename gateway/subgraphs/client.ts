import { AisleError } from '../../runtime/errors.ts'
import type { Encoding } from '../../runtime/graphql/encoding.ts'
import { currentSpan } from '../../runtime/request.ts'
import { type BreakerOptions, CircuitBreaker } from './breaker.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'
import { Deadlines } from './deadlines.ts'
import { readReply } from './reply.ts'
import { InFlight } from './in-flight.ts'
import { PackingTransport } from './packing.ts'
import { EventStreamSource } from './stream/sse.ts'
import type { EventSource, SourceOptions } from './stream/source.ts'
import { WebSocketSource } from './stream/websocket.ts'
import { openTransport, type RawAnswer, type Transport } from './transport.ts'
import type { RequestScope, SendPolicy, SubgraphReply, Subgraphs } from './types.ts'

/** Told about every request to a subgraph once it is over: seconds it took, and its error code if it failed. */
export type ObserveFetch = (service: string, seconds: number, failure: string | null) => void

/** How a subgraph is subscribed to, and where. */
export interface StreamAddress {
  readonly protocol: 'graphql-ws' | 'sse'
  /** The URL for queries unless given. */
  readonly url?: string
}

export interface ClientOptions extends DeliveryOptions, SourceOptions {
  /** Largest answer accepted, in bytes. */
  readonly maxResponseBytes: number
  /** Connections kept open to one subgraph. */
  readonly connections: number
  readonly breaker: BreakerOptions
  /** Sends equal requests of equal callers once while they are in flight. */
  readonly share: boolean
  /** Longest wait for an answer of some subgraphs, by name, in milliseconds; `timeoutMs` for all others. */
  readonly timeouts?: Readonly<Record<string, number>>
  /** How requests to some subgraphs are packed, by name, and from how many characters on. */
  readonly packing?: { readonly encodings: Readonly<Record<string, Encoding>>; readonly from: number }
  /** By subgraph; graphql-ws at its URL for queries where nothing else is said. */
  readonly streams: Readonly<Record<string, StreamAddress>>
}

/** What a client tells about its work. */
export interface ClientObserver {
  readonly fetch: ObserveFetch
  /** A request was answered together with an equal one. */
  readonly shared: () => void
  /** A request is sent again. */
  readonly retried: (service: string) => void
  /** A subgraph's circuit has opened or closed. */
  readonly circuit: (service: string, open: boolean) => void
}

interface Endpoint {
  readonly transport: Transport
  readonly delivery: Delivery
  readonly streams: EventSource
  readonly inFlight: InFlight<RawAnswer>
}

/** Longest wait for a connection to open, in milliseconds. */
const connectMs = 10_000

/** What follows a mutation or an event must show it: no cache and no database replica that is behind may answer. */
const nothingStale = { 'cache-control': 'no-cache' }

/** Reaches every subgraph of one supergraph over its network interfaces. */
export class SubgraphClient implements Subgraphs, AsyncDisposable {
  readonly #endpoints: ReadonlyMap<string, Endpoint>
  readonly #deadlines = new Deadlines()
  readonly #observer: ClientObserver
  readonly #share: boolean

  constructor(urls: ReadonlyMap<string, string>, options: ClientOptions, observer: ClientObserver) {
    this.#endpoints = new Map([...urls].map(([name, url]) => [name, createEndpoint(name, url, options, observer, this.#deadlines)]))
    this.#observer = observer
    this.#share = options.share
  }

  get names(): string[] {
    return [...this.#endpoints.keys()]
  }

  async request(service: string, body: string, scope: RequestScope, { repeatable, shareable }: SendPolicy): Promise<SubgraphReply> {
    const endpoint = this.#endpoint(service)
    if (!shareable) return readReply(await this.#send(service, endpoint, body, { headers: { ...scope.headers, ...nothingStale }, signal: scope.signal }, repeatable))
    if (!this.#share) return readReply(await this.#send(service, endpoint, body, scope, repeatable))
    // What is shared is the text: whoever gets an answer fills it with what comes next, so that each needs its own.
    return readReply(await endpoint.inFlight.join(scope.caller + body, scope.signal, (signal) => this.#send(service, endpoint, body, { headers: scope.headers, signal }, repeatable)))
  }

  /** From now on no request joins one that is already in flight: what is asked next may have to see what has changed. */
  forget(): void {
    for (const { inFlight } of this.#endpoints.values()) inFlight.forget()
  }

  async #send(service: string, { delivery }: Endpoint, body: string, scope: Pick<RequestScope, 'headers' | 'signal'>, repeatable: boolean): Promise<RawAnswer> {
    const started = performance.now()
    const parent = currentSpan()
    const span = parent.recording ? parent.child(`fetch ${service}`, 'client', { 'peer.service': service, 'http.request.method': 'POST' }) : parent
    let failure: string | null = null
    try {
      const { headers } = span
      const answer = await delivery.send(body, headers === null ? scope : { headers: { ...scope.headers, ...headers }, signal: scope.signal }, repeatable)
      if (span !== parent) span.set({ 'http.response.status_code': answer.status })
      return answer
    } catch (error) {
      failure = AisleError.is(error) ? error.code : 'INTERNAL_SERVER_ERROR'
      throw error
    } finally {
      this.#observer.fetch(service, (performance.now() - started) / 1000, failure)
      if (span !== parent) {
        if (failure !== null) span.fail(failure)
        span.end()
      }
    }
  }

  subscribe(service: string, body: string, scope: RequestScope): AsyncIterable<SubgraphReply> {
    return this.#endpoint(service).streams.subscribe(body, scope)
  }

  /** Null when the subgraph serves, by its own `/health/ready` where it has one, else by answering a query. */
  async problem(service: string, timeoutMs: number): Promise<string | null> {
    const { transport } = this.#endpoint(service)
    try {
      const { status } = await transport.get('/health/ready', timeoutMs)
      if (status === 200) return null
      if (status === 503) return 'not ready'
      readReply(await transport.post('{"query":"{__typename}"}', {}, new AbortController().signal, timeoutMs))
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
    for (const { transport } of this.#endpoints.values()) transport[Symbol.dispose]()
    this.#deadlines[Symbol.dispose]()
    await Promise.all([...this.#endpoints.values()].map(({ streams }) => streams[Symbol.asyncDispose]()))
  }
}

function createEndpoint(name: string, url: string, options: ClientOptions, observer: ClientObserver, deadlines: Deadlines): Endpoint {
  const timeoutMs = options.timeouts?.[name] ?? options.timeoutMs
  const plain = openTransport(new URL(url), { maxBytes: options.maxResponseBytes, connections: options.connections, connectMs }, deadlines)
  const encoding = options.packing?.encodings[name]
  const transport = encoding === undefined ? plain : new PackingTransport(plain, encoding, options.packing?.from ?? 0)
  const breaker = new CircuitBreaker(options.breaker, (open) => observer.circuit(name, open))
  return {
    transport,
    delivery: new Delivery(transport, breaker, { ...options, timeoutMs }, () => observer.retried(name)),
    streams: openStreams(url, options.streams[name], { ...options, timeoutMs }),
    inFlight: new InFlight<RawAnswer>(observer.shared),
  }
}

function openStreams(url: string, address: StreamAddress | undefined, options: SourceOptions): EventSource {
  const Source = address?.protocol === 'sse' ? EventStreamSource : WebSocketSource
  return new Source(address?.url ?? url, options)
}
