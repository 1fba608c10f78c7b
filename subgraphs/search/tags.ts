import type { TagsOf } from '../shared/reads.ts'
import { rowTags, shelfTags, type Tag } from '../shared/tags.ts'
import type { SearchStore } from './store.ts'

/** What each of search's reads depends on. */
export const searchTags: TagsOf<SearchStore> = {
  products: (ids) => rowTags('product', ids),
  categories: (ids) => rowTags('category', ids),
  childCategories: () => ['category'],
  hasStore: (id) => rowTags('store', [id]),
  candidates: (ids, { storeId, inStock }) => [...rowTags('product', ids), ...priceTags(ids, storeId), ...(inStock && storeId !== null ? shelfTags('stock', [storeId], ids) : [])],
  priceCounts: (ids, storeId) => [...rowTags('product', ids), ...priceTags(ids, storeId)],
}

/** Scores, spelling and suggestions depend on every text of the catalogue. */
export const indexTags: readonly Tag[] = ['product', 'category']

function priceTags(ids: readonly string[], storeId: string | null): readonly Tag[] {
  return [...rowTags('list_price', ids), ...(storeId === null ? [] : shelfTags('store_price', [storeId], ids))]
}
