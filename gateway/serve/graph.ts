import type { OperationTypeNode } from 'graphql'
import { OperationCache } from '../execute/operation-cache.ts'
import type { ResponseText } from '../execute/finish.ts'
import { hideInternals, presentAll, readSubgraphErrors, relocate } from '../execute/errors.ts'
import { InvalidRequest } from '../execute/invalid-request.ts'
import type { JsonObject } from '../../runtime/json.ts'
import type { SubgraphClient } from '../subgraphs/client.ts'
import { type RequestScope, SubscriptionRefused } from '../subgraphs/types.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import type { Parameters } from '../../runtime/graphql/parameters.ts'
import { type DocumentPolicy, resolveDocument } from '../../runtime/graphql/persisted.ts'

/** A supergraph with everything that belongs to this version of it: its connections and its prepared operations. Swapped in whole. */
export interface Graph {
  readonly supergraph: Supergraph
  readonly subgraphs: SubgraphClient
  readonly operations: OperationCache
}

/** A request whose document is prepared and whose variables are coerced: what is left is to run it. */
export interface ReadyOperation {
  readonly kind: OperationTypeNode
  execute(scope: RequestScope): Promise<ResponseText>
  /** Ends with an InvalidRequest when the source of events fails. */
  subscribe(scope: RequestScope): AsyncGenerator<ResponseText, void, undefined>
}

export function createGraph(supergraph: Supergraph, subgraphs: SubgraphClient, options: { planCache: number; hideInternals: boolean }): Graph {
  return { supergraph, subgraphs, operations: new OperationCache(supergraph, options.planCache, options.hideInternals ? hideInternals : presentAll) }
}

/** @throws AisleError and InvalidRequest for everything that is wrong with the request itself */
export async function readyOperation(graph: Graph, parameters: Parameters, policy: DocumentPolicy): Promise<ReadyOperation> {
  const prepared = graph.operations.prepare(resolveDocument(parameters, policy), parameters.operationName)
  const variables: JsonObject = prepared.coerce(parameters.variables)
  const variant = await prepared.variant(variables)
  return {
    kind: prepared.kind,
    execute: (scope) => variant.execute(graph.subgraphs, scope, variables),
    subscribe: (scope) => withReadableFailure(variant.eventSource ?? '', variant.subscribe(graph.subgraphs, scope, variables)),
  }
}

async function* withReadableFailure(serviceName: string, events: AsyncGenerator<ResponseText, void, undefined>): AsyncGenerator<ResponseText, void, undefined> {
  try {
    yield* events
  } catch (error) {
    if (!(error instanceof SubscriptionRefused)) throw InvalidRequest.from(error, { serviceName })
    throw new InvalidRequest('DOWNSTREAM_SERVICE_ERROR', readSubgraphErrors(error.errors).map((each) => relocate(each, serviceName, null)))
  }
}
