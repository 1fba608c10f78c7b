import { OperationTypeNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import type { Caller } from '../../runtime/identity/caller.ts'
import { OperationCache } from '../execute/operation-cache.ts'
import type { ResponseText } from '../execute/finish.ts'
import { hideInternals, presentAll, readSubgraphErrors, relocate } from '../execute/errors.ts'
import { InvalidRequest } from '../execute/invalid-request.ts'
import type { JsonObject } from '../../runtime/json.ts'
import type { SubgraphClient } from '../subgraphs/client.ts'
import { InFlight } from '../subgraphs/in-flight.ts'
import { type RequestScope, SubscriptionRefused } from '../subgraphs/types.ts'
import type { Variant } from '../execute/variant.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import type { Parameters } from '../../runtime/graphql/parameters.ts'
import { Usage } from './usage.ts'
import { type DocumentPolicy, resolveDocument } from '../../runtime/graphql/persisted.ts'

/** A supergraph with everything that belongs to this version of it: its connections and its prepared operations. Swapped in whole. */
export interface Graph {
  readonly supergraph: Supergraph
  readonly subgraphs: SubgraphClient
  readonly operations: OperationCache
  /** Queries being executed, by variant, variables and caller; null when they are not shared. */
  readonly inFlight: InFlight<ResponseText> | null
  /** The operations running on it. */
  readonly usage: Usage
}

/** A request whose document is prepared and whose variables are coerced: what is left is to run it. */
export interface ReadyOperation {
  readonly kind: OperationTypeNode
  execute(scope: RequestScope): Promise<ResponseText>
  /** Ends with an InvalidRequest when the source of events fails. */
  subscribe(scope: RequestScope): AsyncGenerator<ResponseText, void, undefined>
}

export interface GraphOptions {
  /** Prepared operations kept in memory. */
  readonly planCache: number
  readonly hideInternals: boolean
  /** Executes equal queries of equal callers once while they are in flight. */
  readonly shareQueries: boolean
  /** A query was answered together with an equal one. */
  readonly onShared: () => void
}

export function createGraph(supergraph: Supergraph, subgraphs: SubgraphClient, { planCache, hideInternals: hide, shareQueries, onShared }: GraphOptions): Graph {
  return {
    supergraph,
    subgraphs,
    operations: new OperationCache(supergraph, planCache, hide ? hideInternals : presentAll),
    inFlight: shareQueries ? new InFlight(onShared) : null,
    usage: new Usage(),
  }
}

/** @throws AisleError and InvalidRequest for everything that is wrong with the request itself */
export async function readyOperation(graph: Graph, parameters: Parameters, policy: DocumentPolicy, caller: Caller): Promise<ReadyOperation> {
  const prepared = graph.operations.prepare(resolveDocument(parameters, policy), parameters.operationName)
  const variables: JsonObject = prepared.coerce(parameters.variables)
  const variant = await prepared.variant(variables, caller)
  if (prepared.kind === OperationTypeNode.SUBSCRIPTION && variant.eventSource === null && prepared.restricts(caller)) throw new AisleError('UNAUTHORIZED_FIELD_OR_TYPE')
  return {
    kind: prepared.kind,
    async execute(scope) {
      graph.usage.enter()
      try {
        return await execute(graph, prepared.kind, variant, scope, variables)
      } finally {
        graph.usage.leave()
      }
    },
    subscribe: (scope) => withReadableFailure(graph.usage, variant.eventSource ?? '', variant.subscribe(graph.subgraphs, scope, variables)),
  }
}

async function execute({ subgraphs, inFlight }: Graph, kind: OperationTypeNode, variant: Variant, scope: RequestScope, variables: JsonObject): Promise<ResponseText> {
  if (kind === OperationTypeNode.QUERY) {
    if (inFlight === null) return variant.execute(subgraphs, scope, variables)
    const key = `${variant.id} ${JSON.stringify(variables)}${scope.caller}`
    return inFlight.join(key, scope.signal, (signal) => variant.execute(subgraphs, { ...scope, signal }, variables))
  }
  try {
    return await variant.execute(subgraphs, scope, variables)
  } finally {
    // Whoever asks after a mutation was answered must not be given what was being read before.
    inFlight?.forget()
    subgraphs.forget()
  }
}

async function* withReadableFailure(usage: Usage, serviceName: string, events: AsyncGenerator<ResponseText, void, undefined>): AsyncGenerator<ResponseText, void, undefined> {
  usage.enter()
  try {
    yield* events
  } catch (error) {
    if (!(error instanceof SubscriptionRefused)) throw InvalidRequest.from(error, { serviceName })
    throw new InvalidRequest('DOWNSTREAM_SERVICE_ERROR', readSubgraphErrors(error.errors).map((each) => relocate(each, serviceName, null)))
  } finally {
    usage.leave()
  }
}
