import DataLoader from 'dataloader'
import { groupBy } from '../shared/loaders.ts'
import type { CategoryRow, ProductRow } from '../storage/database.ts'
import type { SearchStore } from './store.ts'

/** Whose children; null stands for the top level. */
export interface ParentKey {
  readonly parentId: string | null
}

/** What the resolvers of one request share: each loader makes one statement of all that a tick asks of it. */
export interface SearchLoaders {
  /** Null where the catalogue has none. */
  readonly product: DataLoader<string, ProductRow | null>
  readonly category: DataLoader<string, CategoryRow | null>
  /** By name. */
  readonly childCategories: DataLoader<ParentKey, readonly CategoryRow[], string>
}

export function searchLoaders(store: SearchStore): SearchLoaders {
  return {
    product: byId((ids) => store.products(ids)),
    category: byId((ids) => store.categories(ids)),
    childCategories: new DataLoader(
      async (keys) => {
        const parents = keys.flatMap(({ parentId }) => parentId ?? [])
        const rows = await store.childCategories(parents, parents.length < keys.length)
        const children = groupBy(rows, (row) => JSON.stringify(row.parent_id))
        return keys.map(({ parentId }) => children.get(JSON.stringify(parentId)) ?? [])
      },
      { cacheKeyFn: ({ parentId }) => JSON.stringify(parentId) },
    ),
  }
}

function byId<Row extends { readonly id: string }>(read: (ids: readonly string[]) => Promise<Row[]>): DataLoader<string, Row | null> {
  return new DataLoader(async (ids) => {
    const rows = new Map((await read(ids)).map((row) => [row.id, row]))
    return ids.map((id) => rows.get(id) ?? null)
  })
}
