import { createLoader, type Batches, type Loader } from '../shared/loader.ts'
import { lazily } from '../shared/lazily.ts'
import { groupBy, rowLoader } from '../shared/loaders.ts'
import type { CategoryRow, ProductRow } from '../storage/database.ts'
import type { SearchStore } from './store.ts'

/** Whose children; null stands for the top level. */
export interface ParentKey {
  readonly parentId: string | null
}

/** What the resolvers of one request share: each loader makes one statement of all that a tick asks of it. */
export interface SearchLoaders {
  /** Null where the catalogue has none. */
  readonly product: Loader<string, ProductRow | null>
  readonly category: Loader<string, CategoryRow | null>
  /** By name. */
  readonly childCategories: Loader<ParentKey, readonly CategoryRow[]>
}

interface Source {
  readonly store: SearchStore
  readonly batches: Batches | undefined
}

const makeLoaders = lazily<Source, SearchLoaders>({
  product: ({ store, batches }) => rowLoader(batches, (ids) => store.products(ids)),
  category: ({ store, batches }) => rowLoader(batches, (ids) => store.categories(ids)),
  childCategories: ({ store, batches }) =>
    createLoader(
      batches,
      async (keys) => {
        const parents = keys.flatMap(({ parentId }) => parentId ?? [])
        const rows = await store.childCategories(parents, parents.length < keys.length)
        const children = groupBy(rows, (row) => JSON.stringify(row.parent_id))
        return keys.map(({ parentId }) => children.get(JSON.stringify(parentId)) ?? [])
      },
      ({ parentId }) => JSON.stringify(parentId),
    ),
})

export function searchLoaders(store: SearchStore, batches?: Batches): SearchLoaders {
  return makeLoaders({ store, batches })
}
