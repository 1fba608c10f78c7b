import type { TagsOf } from '../shared/reads.ts'
import { retentionTag, rowTags, shelfTags, type Tag } from '../shared/tags.ts'
import type { InventoryStore, StockFilter } from './store.ts'

/** What each of inventory's reads depends on. */
export const inventoryTags: TagsOf<InventoryStore> = {
  stores: (ids) => rowTags('store', ids),
  allStores: () => ['store'],
  storePage: () => ['store'],
  storeCount: () => ['store'],
  prices: (productIds, storeIds) => [...rowTags('store', storeIds), ...rowTags('list_price', productIds), ...shelfTags('store_price', storeIds, productIds)],
  levels: (productIds, storeIds) => [...rowTags('store', storeIds), ...shelfTags('stock', storeIds, productIds)],
  stocked: (productIds, storeIds) => shelfTags('stock', storeIds, productIds),
  stockPages: stockTags,
  stockCounts: stockTags,
  // Movements stay in the cloud.
  movementPages: () => null,
  // Old outcomes are dropped together with old readings.
  refusedPages: (storeIds) => [...rowTags('edge_operation', storeIds), retentionTag],
  stockReport: (_grouping, storeId) => [storeId === null ? 'stock' : `stock:${storeId}`, storeId === null ? 'store_price' : `store_price:${storeId}`, 'store', 'product', 'category', 'list_price'],
}

function stockTags(storeIds: readonly string[], { productIds }: StockFilter): readonly Tag[] {
  return productIds === null ? rowTags('stock', storeIds) : shelfTags('stock', storeIds, productIds)
}
