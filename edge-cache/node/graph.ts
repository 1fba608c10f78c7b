import type { DatabaseSync } from 'node:sqlite'
import type { GraphQLSchema } from 'graphql'
import type { Caller } from '../../runtime/identity/caller.ts'
import { policiesByRole, type GrantPolicies } from '../../runtime/identity/requirement.ts'
import { AisleError } from '../../runtime/errors.ts'
import { readSubgraph } from '../../schema/files.ts'
import { device } from '../../subgraphs/device/index.ts'
import type { DeviceContext } from '../../subgraphs/device/part.ts'
import { inventory } from '../../subgraphs/inventory/index.ts'
import type { InventoryContext } from '../../subgraphs/inventory/part.ts'
import { recommendation } from '../../subgraphs/recommendation/index.ts'
import type { RecommendationContext } from '../../subgraphs/recommendation/part.ts'
import { search } from '../../subgraphs/search/index.ts'
import { createSearchIndex, type SearchIndex } from '../../subgraphs/search/index/search-index.ts'
import type { SearchContext } from '../../subgraphs/search/part.ts'
import type { ChangeFeed } from '../../subgraphs/shared/changes.ts'
import { contextMaker, type RequestEnvironment } from '../../subgraphs/shared/context.ts'
import { Batches } from '../../subgraphs/shared/loader.ts'
import type { ReadLog } from '../../subgraphs/shared/reads.ts'
import { retentionTag } from '../../subgraphs/shared/tags.ts'
import type { Storage } from '../../subgraphs/storage/storage.ts'
import type { NodeData } from './data.ts'
import { buildNodeSchema } from './schema/build.ts'
import type { ContextMaker, Reading } from './serve/execute.ts'

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
  const makeContext = contextMaker<NodeRequest, SearchContext & RecommendationContext & InventoryContext & DeviceContext>({
    search: (request) => search.createPart(request, request),
    recommendation: (request) => recommendation.createPart(request, {}),
    inventory: (request) => inventory.createPart(request, { commands: data.inventory, now: () => request.now() }),
    device: (request) => device.createPart(request, { commands: data.device, now: () => request.now() }),
  })
  return {
    schema,
    cloudOnly,
    contextFor: (reading, caller, reads) =>
      makeContext(new NodeRequest(data, reading, caller, data.damage.guard(reads)), () => {
        if (reading.connection !== null) reading.refresh()
      }),
  }
}

/** One request over a node's data. */
class NodeRequest implements RequestEnvironment {
  readonly storage: Storage
  readonly caller: Caller
  readonly reads?: ReadLog
  readonly batches = new Batches()
  readonly #data: NodeData
  readonly #connection: DatabaseSync | null

  constructor(data: NodeData, { storage, connection }: Reading, caller: Caller, reads: ReadLog | undefined) {
    this.#data = data
    this.storage = storage
    this.#connection = connection
    this.caller = caller
    if (reads !== undefined) this.reads = reads
  }

  get principal(): string {
    return this.caller.subject
  }

  get changes(): ChangeFeed {
    return this.#data.changes
  }

  get readingsSince(): number | null {
    this.reads?.note([retentionTag])
    return this.#data.status().readingsSince
  }

  holdsStore(storeId: string): boolean {
    return storeId === this.#data.storeId
  }

  /** Reads ask no clock; should one, its answer is not kept. */
  now(): number {
    this.reads?.unkeepable()
    return Date.now()
  }

  index(): SearchIndex {
    if (this.#connection === null) throw new AisleError('NOT_READY')
    return createSearchIndex(this.#connection)
  }
}
