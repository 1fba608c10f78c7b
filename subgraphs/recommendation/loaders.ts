import DataLoader from 'dataloader'
import { unpackNeighbours, unpackTrending, type Recommended } from './packed.ts'
import type { RecommendationStore } from './store.ts'

/** A product of the catalogue and what was trained for it. */
export interface RecommendingProduct {
  readonly id: string
  readonly similarTo: readonly Recommended[]
  readonly boughtWith: readonly Recommended[]
}

/** What the resolvers of one request share: each loader makes one statement of all that a tick asks of it. */
export interface RecommendationLoaders {
  /** Null where the catalogue has none. */
  readonly product: DataLoader<string, RecommendingProduct | null>
  readonly exists: DataLoader<string, boolean>
  /** What sells best of late in a store; in the chain for an empty id. */
  readonly trending: DataLoader<string, readonly Recommended[]>
}

export function recommendationLoaders(store: RecommendationStore): RecommendationLoaders {
  return {
    product: new DataLoader(async (ids) => {
      const rows = new Map((await store.neighbours(ids)).map((row) => [row.id, row]))
      return ids.map((id) => {
        const row = rows.get(id)
        return row === undefined ? null : { id, similarTo: unpackNeighbours(row.similar_to ?? '[]'), boughtWith: unpackNeighbours(row.bought_with ?? '[]') }
      })
    }),
    exists: new DataLoader(async (ids) => {
      const known = new Set(await store.existing(ids))
      return ids.map((id) => known.has(id))
    }),
    trending: new DataLoader(async (storeIds) => {
      const rows = new Map((await store.trending(storeIds)).map((row) => [row.store_id, row.items]))
      return storeIds.map((id) => unpackTrending(rows.get(id) ?? '[]'))
    }),
  }
}
