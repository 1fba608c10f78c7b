import type { TagsOf } from '../shared/reads.ts'
import { rowTags, shelfTags, type Tag } from '../shared/tags.ts'
import type { SearchStore } from './store.ts'

/** What each of search's reads depends on. */
export const searchTags: TagsOf<SearchStore> = {
  products: (ids) => rowTags('product', ids),
  categories: (ids) => rowTags('category', ids),
  childCategories: () => ['category'],
  hasStore: (id) => rowTags('store', [id]),
  shelf: (ids, storeId, withStock) => [...shelfTags('store_price', [storeId], ids), ...(withStock ? shelfTags('stock', [storeId], ids) : [])],
}

/** Scores, spelling and suggestions depend on every text of the catalogue. */
export const indexTags: readonly Tag[] = ['product', 'category']
