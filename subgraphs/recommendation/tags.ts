import type { TagsOf } from '../shared/reads.ts'
import { rowTags } from '../shared/tags.ts'
import type { RecommendationStore } from './store.ts'

/** What each of recommendation's reads depends on. */
export const recommendationTags: TagsOf<RecommendationStore> = {
  neighbours: (productIds) => [...rowTags('product', productIds), ...rowTags('neighbours', productIds)],
  existing: (productIds) => rowTags('product', productIds),
  // Sales stay in the cloud.
  purchases: () => null,
  trending: (storeIds) => rowTags('trending', storeIds),
  hasStore: (id) => rowTags('store', [id]),
}
