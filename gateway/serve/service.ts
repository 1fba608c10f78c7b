import type { Caller } from '../../runtime/identity/caller.ts'
import type { Logger } from '../../runtime/log.ts'
import type { ResponseText } from '../execute/finish.ts'
import { InvalidRequest } from '../execute/invalid-request.ts'
import type { RequestScope } from '../subgraphs/types.ts'
import type { Callers } from './callers.ts'
import { type Graph, type ReadyOperation, readyOperation } from './graph.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { Parameters } from '../../runtime/graphql/parameters.ts'
import type { DocumentPolicy } from '../../runtime/graphql/persisted.ts'

/** Longest time between an operation being ready and its start, in milliseconds. */
const startMs = 1_000

/** What HTTP and WebSocket have in common: the graph being served, and the accounts kept of it. */
export class GraphService implements AsyncDisposable {
  #graph: Graph
  /** Every version that is still used, the one being served among them. */
  readonly #open = new Set<Graph>()
  readonly callers: Callers
  readonly #policy: DocumentPolicy
  readonly #metrics: GatewayMetrics
  readonly #log: Logger

  constructor(graph: Graph, policy: DocumentPolicy, callers: Callers, metrics: GatewayMetrics, log: Logger) {
    this.#graph = graph
    this.#open.add(graph)
    this.callers = callers
    this.#policy = policy
    this.#metrics = metrics
    this.#log = log
  }

  /** The version being served; what is running stays with the one that it started on. */
  get graph(): Graph {
    return this.#graph
  }

  /** Serves another version from now on. The one before is closed when the last that runs on it has ended. */
  replace(graph: Graph): void {
    const before = this.#graph
    this.#graph = graph
    this.#open.add(graph)
    // A request whose operation has just been made ready starts to run on the old version after this.
    setTimeout(() => void before.usage.idle().then(() => this.#close(before)), startMs).unref()
  }

  async #close(graph: Graph): Promise<void> {
    if (this.#open.delete(graph)) await graph.subgraphs[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open].map((graph) => this.#close(graph)))
  }

  /** @throws AisleError and InvalidRequest for everything that is wrong with the request itself */
  ready(parameters: Parameters, caller: Caller): Promise<ReadyOperation> {
    return readyOperation(this.#graph, parameters, this.#policy, caller)
  }

  async execute(operation: ReadyOperation, scope: RequestScope): Promise<ResponseText> {
    const response = await operation.execute(scope)
    this.#account(response)
    return response
  }

  async *subscribe(operation: ReadyOperation, scope: RequestScope): AsyncGenerator<ResponseText, void, undefined> {
    this.#metrics.subscriptionStarted()
    try {
      for await (const event of operation.subscribe(scope)) {
        this.#account(event)
        yield event
      }
    } finally {
      this.#metrics.subscriptionEnded()
    }
  }

  /** What the client is told about a request that failed as a whole; what it must not be told is logged. */
  failed(error: unknown): InvalidRequest {
    const failure = InvalidRequest.from(error)
    if (failure.code !== 'REQUEST_CANCELLED') this.#metrics.error(failure.code)
    if (failure.status >= 500) this.#log.error({ err: failure.cause ?? failure, code: failure.code }, failure.message)
    return failure
  }

  #account({ errors }: ResponseText): void {
    for (const { extensions } of errors) this.#metrics.error(extensions.code)
  }
}
