import type { GraphQLSchema } from 'graphql'
import { policiesByRole, type GrantPolicies } from '../../runtime/identity/requirement.ts'
import { AisleError } from '../../runtime/errors.ts'
import { readSubgraph } from '../../schema/files.ts'
import { device } from '../../subgraphs/device/index.ts'
import { inventory } from '../../subgraphs/inventory/index.ts'
import { recommendation } from '../../subgraphs/recommendation/index.ts'
import { search } from '../../subgraphs/search/index.ts'
import { createSearchIndex } from '../../subgraphs/search/index/search-index.ts'
import { createContext, type RequestEnvironment } from '../../subgraphs/shared/context.ts'
import { retentionTag } from '../../subgraphs/shared/tags.ts'
import type { NodeData } from './data.ts'
import { buildNodeSchema } from './schema/build.ts'
import type { ContextMaker } from './serve/execute.ts'

/** The four subgraphs as one graph over a store's copy. */
export interface NodeGraph {
  readonly schema: GraphQLSchema
  /** 'Type.field' of what only the cloud answers. */
  readonly cloudOnly: ReadonlySet<string>
  readonly contextFor: ContextMaker
}

/** @param grant which of the graph's policies a caller satisfies */
export async function createNodeGraph(data: NodeData, grant: GrantPolicies = policiesByRole()): Promise<NodeGraph> {
  const subgraphs = [search, recommendation, inventory, device]
  const { schema, cloudOnly } = buildNodeSchema(
    await Promise.all(subgraphs.map(async ({ name, resolvers }) => ({ name, resolvers, typeDefs: await readSubgraph(name) }))),
    grant,
  )
  return {
    schema,
    cloudOnly,
    contextFor(reading, caller, told) {
      const reads = data.damage.guard(told)
      const environment: RequestEnvironment = {
        storage: reading.storage,
        principal: caller.subject,
        caller,
        holdsStore: (storeId) => storeId === data.storeId,
        get readingsSince() {
          reads?.note([retentionTag])
          return data.status().readingsSince
        },
        changes: data.changes,
        ...(reads === undefined ? {} : { reads }),
      }
      // Reads ask no clock; should one, its answer is not kept.
      const now = (): number => {
        reads?.unkeepable()
        return Date.now()
      }
      const index = () => {
        if (reading.connection === null) throw new AisleError('NOT_READY')
        return createSearchIndex(reading.connection)
      }
      return createContext(
        environment,
        {
          search: () => search.createPart(environment, { index }),
          recommendation: () => recommendation.createPart(environment, {}),
          inventory: () => inventory.createPart(environment, { commands: data.inventory, now }),
          device: () => device.createPart(environment, { commands: data.device, now }),
        },
        () => {
          if (reading.connection !== null) reading.refresh()
        },
      )
    },
  }
}
