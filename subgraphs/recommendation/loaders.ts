import { lazily } from '../shared/lazily.ts'
import { createLoader, type Batches, type Loader } from '../shared/loader.ts'
import { after } from '../shared/soon.ts'
import { unpackNeighbours, unpackTrending, type Recommended } from './packed.ts'
import type { ProductNeighbours, RecommendationStore } from './store.ts'

/** A product of the catalogue and what was trained for it. */
export interface RecommendingProduct {
  readonly id: string
  readonly similarTo: readonly Recommended[]
  readonly boughtWith: readonly Recommended[]
}

/** What the resolvers of one request share: each loader makes one statement of all that a tick asks of it. */
export interface RecommendationLoaders {
  /** Null where the catalogue has none. */
  readonly product: Loader<string, RecommendingProduct | null>
  readonly exists: Loader<string, boolean>
  /** What sells best of late in a store; in the chain for an empty id. */
  readonly trending: Loader<string, readonly Recommended[]>
}

interface Source {
  readonly store: RecommendationStore
  readonly batches: Batches | undefined
}

const makeLoaders = lazily<Source, RecommendationLoaders>({
  product: ({ store, batches }) =>
    createLoader<string, RecommendingProduct | null>(
      batches,
      (ids) =>
        store.neighbours(ids).then((found) => {
          const rows = new Map(found.map((row) => [row.id, row]))
          return ids.map((id) => recommending(rows.get(id)))
        }),
      (id) => id,
      (id) => after(store.neighbours([id]), ([row]) => recommending(row)),
    ),
  exists: ({ store, batches }) =>
    createLoader<string, boolean>(
      batches,
      (ids) =>
        store.existing(ids).then((found) => {
          const known = new Set(found)
          return ids.map((id) => known.has(id))
        }),
      (id) => id,
      (id) => after(store.existing([id]), (found) => found.length > 0),
    ),
  trending: ({ store, batches }) =>
    createLoader(batches, (storeIds) =>
      store.trending(storeIds).then((found) => {
        const rows = new Map(found.map((row) => [row.store_id, row.items]))
        return storeIds.map((id) => unpackTrending(rows.get(id) ?? '[]'))
      })),
})

function recommending(row: ProductNeighbours | undefined): RecommendingProduct | null {
  return row === undefined ? null : { id: row.id, similarTo: unpackNeighbours(row.similar_to ?? '[]'), boughtWith: unpackNeighbours(row.bought_with ?? '[]') }
}

export function recommendationLoaders(store: RecommendationStore, batches?: Batches): RecommendationLoaders {
  return makeLoaders({ store, batches })
}
