import { type PlanNode, QueryPlanner } from '@graphql-hive/router-query-planner'
import { AisleError } from '../../runtime/errors.ts'
import { tryOut } from './trial.ts'

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
  /** The percentages of the supergraph's progressive overrides (`@override(label: "percent(…)")`), each once, ascending. */
  readonly percentages: readonly number[]
  /**
   * Plans a document that holds exactly one valid operation, off the event loop. Null when there is nothing to fetch.
   * @param drawn a number from 0 up to but without 100: a progressive override takes place where its percentage is larger
   * @throws AisleError QUERY_PLANNING_FAILED
   */
  plan(document: string, drawn: number): Promise<PlanNode | null>
}

/**
 * @param labels the labels of progressive overrides that take place
 * @throws AisleError SUPERGRAPH_INVALID
 */
export async function createPlanner(supergraphSdl: string, labels: readonly string[] = []): Promise<Planner> {
  await tryOut(supergraphSdl)
  const planner = construct(supergraphSdl)
  return {
    percentages: [...new Set(planner.overridePercentages)].toSorted((one, other) => one - other),
    async plan(document, drawn) {
      try {
        const plan = await planner.planAsync(document, null, new Set(labels), drawn)
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
