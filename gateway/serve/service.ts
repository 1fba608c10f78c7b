import { AisleError, errorTable } from '../../runtime/errors.ts'
import type { Caller } from '../../runtime/identity/caller.ts'
import type { Identity } from '../../runtime/identity/identity.ts'
import type { Logger } from '../../runtime/log.ts'
import type { ResponseText } from '../execute/finish.ts'
import { InvalidRequest } from '../execute/invalid-request.ts'
import { createScope, type HeaderRules, type ReceivedFrom } from '../subgraphs/headers.ts'
import type { RequestScope } from '../subgraphs/types.ts'
import type { Admission } from '../limits/admission.ts'
import type { Load } from '../limits/load.ts'
import { type Asker, type Graph, type ReadyOperation, readyOperation } from './graph.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { Observation } from './observation.ts'
import type { Parameters } from '../../runtime/graphql/parameters.ts'

/** Longest time between an operation being ready and its start, in milliseconds. */
const startMs = 1_000

/** What bounds the work of a service; whoever made it closes it. */
export interface ServiceLimits {
  readonly admission: Admission
  readonly load: Load
}

/** What HTTP and WebSocket have in common: the graph being served, and the accounts kept of it. */
export class GraphService implements AsyncDisposable {
  #graph: Graph
  /** Every version that is still used, the one being served among them. */
  readonly #open = new Set<Graph>()
  #closed = false
  readonly #headers: HeaderRules
  readonly identity: Identity
  readonly #admission: Admission
  readonly load: Load
  readonly #metrics: GatewayMetrics
  readonly #observation: Observation
  readonly #log: Logger

  constructor(graph: Graph, { admission, load }: ServiceLimits, headers: HeaderRules, identity: Identity, metrics: GatewayMetrics, observation: Observation, log: Logger) {
    this.#graph = graph
    this.#open.add(graph)
    this.#headers = headers
    this.identity = identity
    this.#admission = admission
    this.load = load
    this.#metrics = metrics
    this.#observation = observation
    this.#log = log
  }

  /** The largest estimate of an operation's cost that is let run; 0 for no limit. */
  get maxCost(): number {
    return this.#admission.maxCost
  }

  /** The version being served; what is running stays with the one that it started on. */
  get graph(): Graph {
    return this.#graph
  }

  /**
   * Serves another version from now on. What runs on the one before ends there, and it is closed with the last; its
   * subscriptions, which may never end, go over to the new one.
   */
  async replace(graph: Graph): Promise<void> {
    if (this.#closed) return graph.subgraphs[Symbol.asyncDispose]()
    const before = this.#graph
    this.#graph = graph
    this.#open.add(graph)
    before.broadcasts.retire()
    // A request whose operation has just been made ready starts to run on the old version after this.
    setTimeout(() => void before.usage.idle().then(() => this.#close(before)), startMs).unref()
  }

  async #close(graph: Graph): Promise<void> {
    if (this.#open.delete(graph)) await graph.subgraphs[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#open].map((graph) => this.#close(graph)))
  }

  /** @throws AisleError and InvalidRequest for everything that is wrong with the request itself */
  async ready(parameters: Parameters, asker: Asker): Promise<ReadyOperation> {
    if (asker.request !== null) this.load.refuseWhenOverloaded()
    return readyOperation(this.#graph, parameters, this.#admission, asker)
  }

  /** What goes with everything that is asked for one client. */
  scope(from: ReceivedFrom, signal: AbortSignal): RequestScope {
    return createScope(from, this.#headers, signal)
  }

  /** @throws AisleError OVERLOADED */
  async execute(operation: ReadyOperation, scope: RequestScope): Promise<ResponseText> {
    const askedAt = performance.now()
    this.#observation.started(operation)
    try {
      const turn = this.load.enter()
      if (turn !== null) await turn
      const startedAt = turn === null ? askedAt : performance.now()
      try {
        const response = await operation.execute(scope)
        this.#account(response)
        return response
      } finally {
        this.load.leave(performance.now() - startedAt)
      }
    } finally {
      this.#observation.ended(operation, performance.now() - askedAt)
    }
  }

  /**
   * Resolves when the subscription is over: completed by its source, or left by its client.
   * @throws InvalidRequest when its source fails; AisleError SUBSCRIPTION_OUTDATED
   */
  async subscribe(operation: ReadyOperation, scope: RequestScope, deliver: (event: ResponseText) => void): Promise<void> {
    const onEvent = (event: ResponseText): void => {
      this.#account(event)
      deliver(event)
    }
    this.#metrics.subscriptionStarted()
    this.#observation.started(operation)
    try {
      let current = operation
      while ((await current.subscribe(scope, onEvent)) === 'retired') current = await this.#renew(operation, scope.who)
    } finally {
      this.#metrics.subscriptionEnded()
    }
  }

  /** The same operation on the version that is served now. @throws AisleError SUBSCRIPTION_OUTDATED */
  async #renew({ parameters }: ReadyOperation, who: Caller): Promise<ReadyOperation> {
    try {
      return await this.ready(parameters, { who, request: null })
    } catch (cause) {
      const { message } = InvalidRequest.from(cause)
      throw new AisleError('SUBSCRIPTION_OUTDATED', `${errorTable.SUBSCRIPTION_OUTDATED.text} ${message}`, { cause })
    }
  }

  /** What the client is told about a request that failed as a whole; what it must not be told is logged. */
  failed(error: unknown): InvalidRequest {
    const failure = InvalidRequest.from(error)
    if (failure.code !== 'REQUEST_CANCELLED') this.#metrics.error(failure.code)
    if (failure.code === 'SHUTTING_DOWN') this.#log.info({ code: failure.code }, failure.message)
    else if (failure.status >= 500) this.#log.error({ err: failure.cause ?? failure, code: failure.code }, failure.message)
    return failure
  }

  #account({ errors }: ResponseText): void {
    for (const { extensions } of errors) this.#metrics.error(extensions.code)
  }
}
