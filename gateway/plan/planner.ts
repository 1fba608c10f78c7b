import { type PlanNode, QueryPlanner } from '@graphql-hive/router-query-planner'
import { AisleError } from '../../runtime/errors.ts'

export type {
  BatchFetchNode,
  EntityBatchAlias,
  FetchNode,
  FetchNodePathSegment,
  FetchRewrite,
  FlattenNodePathSegment,
  PlanNode,
  RequiresSelection,
} from '@graphql-hive/router-query-planner'

/** Plans operations over one supergraph. The only place that knows which planner does it. */
export interface Planner {
  /**
   * Plans a document that holds exactly one valid operation, off the event loop. Null when there is nothing to fetch.
   * @throws AisleError QUERY_PLANNING_FAILED
   */
  plan(document: string): Promise<PlanNode | null>
}

/** Progressive override is decided by labels and a percentage; without a policy nothing is overridden by chance. */
const activeLabels: ReadonlySet<string> = new Set()
const overridePercentage = 0

/** @throws AisleError SUPERGRAPH_INVALID */
export function createPlanner(supergraphSdl: string): Planner {
  const planner = construct(supergraphSdl)
  return {
    async plan(document) {
      try {
        const plan = await planner.planAsync(document, null, new Set(activeLabels), overridePercentage)
        return plan.node ?? null
      } catch (error) {
        throw new AisleError('QUERY_PLANNING_FAILED', `The operation could not be planned: ${messageOf(error)}`, { cause: error })
      }
    },
  }
}

function construct(supergraphSdl: string): QueryPlanner {
  try {
    return new QueryPlanner(supergraphSdl)
  } catch (error) {
    throw new AisleError('SUPERGRAPH_INVALID', `The supergraph cannot be used: ${messageOf(error)}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
