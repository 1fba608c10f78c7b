import type { IncomingMessage } from 'node:http'
import { OperationTypeNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import type { Caller } from '../../runtime/identity/caller.ts'
import { type CacheCapacity, OperationCache, type OperationLimits } from '../execute/operation-cache.ts'
import type { PreparationObserver } from '../execute/preparation.ts'
import type { ResponseText } from '../execute/finish.ts'
import { hideInternals, type PresentError, presentAll, readSubgraphErrors, relocate } from '../execute/errors.ts'
import { InvalidRequest } from '../execute/invalid-request.ts'
import type { JsonObject } from '../../runtime/json.ts'
import { withSignal } from '../subgraphs/headers.ts'
import type { SubgraphClient } from '../subgraphs/client.ts'
import { InFlight } from '../subgraphs/in-flight.ts'
import { type BroadcastObserver, Broadcasts, type SubscriptionEnd } from './broadcast.ts'
import { type RequestScope, SubscriptionRefused } from '../subgraphs/types.ts'
import type { Admission } from '../limits/admission.ts'
import type { Variant } from '../execute/variant.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import type { Parameters } from '../../runtime/graphql/parameters.ts'
import { Usage } from './usage.ts'
import { isListed, resolveDocument } from '../../runtime/graphql/persisted.ts'

/** A supergraph with everything that belongs to this version of it: its connections and its prepared operations. Swapped in whole. */
export interface Graph {
  readonly supergraph: Supergraph
  readonly subgraphs: SubgraphClient
  readonly operations: OperationCache
  /** Queries being executed, by variant, variables and caller; null when they are not shared. */
  readonly inFlight: InFlight<ResponseText> | null
  /** The sources of its subscriptions. */
  readonly broadcasts: Broadcasts<ResponseText>
  readonly shareSubscriptions: boolean
  readonly present: PresentError
  /** The operations running on it. */
  readonly usage: Usage
}

/** A request whose document is prepared and whose variables are coerced: what is left is to run it. */
export interface ReadyOperation {
  readonly kind: OperationTypeNode
  /** What was asked for. */
  readonly parameters: Parameters
  /** The document, however it was asked for. */
  readonly document: string
  /** Schema coordinates of what it uses and should not. */
  readonly deprecated: readonly string[]
  /** What it is estimated to cost. @throws AisleError COST_QUERY_PARSE_FAILURE */
  cost(): number
  execute(scope: RequestScope): Promise<ResponseText>
  /** @throws InvalidRequest when the source of events fails */
  subscribe(scope: RequestScope, deliver: (event: ResponseText) => void): Promise<SubscriptionEnd>
}

export interface GraphOptions {
  readonly limits: OperationLimits
  /** Prepared operations kept in memory. */
  readonly planCache: CacheCapacity
  readonly hideInternals: boolean
  /** Executes equal queries of equal callers once while they are in flight. */
  readonly shareQueries: boolean
  /** A query was answered together with an equal one. */
  readonly onShared: () => void
  /** Feeds equal subscriptions of equal callers from one source. */
  readonly shareSubscriptions: boolean
  readonly onBroadcast: BroadcastObserver
  readonly onPreparation: PreparationObserver
}

export function createGraph(supergraph: Supergraph, subgraphs: SubgraphClient, { limits, planCache, hideInternals: hide, shareQueries, onShared, shareSubscriptions, onBroadcast, onPreparation }: GraphOptions): Graph {
  const present = hide ? hideInternals : presentAll
  return {
    supergraph,
    subgraphs,
    operations: new OperationCache(supergraph, planCache, present, limits, onPreparation),
    inFlight: shareQueries ? new InFlight(onShared) : null,
    broadcasts: new Broadcasts(onBroadcast),
    shareSubscriptions,
    present,
    usage: new Usage(),
  }
}

/** Whose operation is made ready. */
export interface Asker {
  readonly who: Caller
  /** Null for an operation that was admitted before. */
  readonly request: IncomingMessage | null
}

/** @throws AisleError and InvalidRequest for everything that is wrong with the request itself */
export async function readyOperation(graph: Graph, parameters: Parameters, admission: Admission, { who, request }: Asker): Promise<ReadyOperation> {
  const policy = admission.policyFor(who)
  const document = resolveDocument(parameters, policy)
  const prepared = graph.operations.prepare(document, parameters.operationName, () => isListed(parameters, policy))
  const variables: JsonObject = prepared.coerce(parameters.variables)
  const cost = (): number => prepared.cost(variables)
  const admitted = admission.admit(cost, who, request)
  if (admitted !== null) await admitted
  const variant = await prepared.variant(variables, who)
  if (prepared.kind === OperationTypeNode.SUBSCRIPTION && variant.eventSource === null && prepared.restricts(who)) throw new AisleError('UNAUTHORIZED_FIELD_OR_TYPE')
  return {
    kind: prepared.kind,
    parameters,
    document,
    deprecated: prepared.deprecated,
    cost,
    async execute(scope) {
      graph.usage.enter()
      try {
        return await execute(graph, prepared.kind, variant, scope, variables)
      } finally {
        graph.usage.leave()
      }
    },
    async subscribe(scope, deliver) {
      graph.usage.enter()
      try {
        return await subscribe(graph, variant, scope, variables, deliver)
      } finally {
        graph.usage.leave()
      }
    },
  }
}

function execute(graph: Graph, kind: OperationTypeNode, variant: Variant, scope: RequestScope, variables: JsonObject): Promise<ResponseText> {
  const { subgraphs, inFlight } = graph
  if (kind !== OperationTypeNode.QUERY) return mutate(graph, variant, scope, variables)
  if (inFlight === null) return variant.execute(subgraphs, scope, variables)
  const key = sharingKey(variant, variables, scope)
  return inFlight.join(key, scope.signal, (signal) => variant.execute(subgraphs, withSignal(scope, signal), variables))
}

async function mutate({ subgraphs, inFlight }: Graph, variant: Variant, scope: RequestScope, variables: JsonObject): Promise<ResponseText> {
  try {
    return await variant.execute(subgraphs, scope, variables)
  } finally {
    // Whoever asks after a mutation was answered must not be given what was being read before.
    inFlight?.forget()
    subgraphs.forget()
  }
}

/** Equal for equal operations, variables and callers. */
function sharingKey(variant: Variant, variables: JsonObject, scope: RequestScope): string {
  return `${variant.id} ${JSON.stringify(variables)}${scope.caller}`
}

function subscribe(graph: Graph, variant: Variant, scope: RequestScope, variables: JsonObject, deliver: (event: ResponseText) => void): Promise<SubscriptionEnd> {
  const key = graph.shareSubscriptions ? sharingKey(variant, variables, scope) : null
  return graph.broadcasts.join(key, scope.signal, deliver, (signal) => eventsOf(graph, variant, withSignal(scope, signal), variables))
}

/** @throws InvalidRequest when the source fails */
async function* eventsOf({ subgraphs, present }: Graph, variant: Variant, scope: RequestScope, variables: JsonObject): AsyncGenerator<ResponseText, void, undefined> {
  const serviceName = variant.eventSource ?? ''
  try {
    yield* variant.subscribe(subgraphs, scope, variables)
  } catch (error) {
    if (error instanceof SubscriptionRefused) throw new InvalidRequest('DOWNSTREAM_SERVICE_ERROR', readSubgraphErrors(error.errors).map((each) => present(relocate(each, serviceName, null))))
    const { code, message, details } = AisleError.is(error) ? error : new AisleError('INTERNAL_SERVER_ERROR')
    throw new InvalidRequest(code, [present({ message, extensions: { ...details, serviceName, code } })], error)
  }
}
