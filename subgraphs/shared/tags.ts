import { entities, type EntityName, type ReplicatedEntity } from '../storage/entities.ts'

/**
 * Names something that a read depends on: a table (`stock`), a range of it (`stock:S` by the beginning of the key, `device@S` by the
 * store) or one row, there or not (`stock:S:P`). Equal texts of different meaning do no harm: then a read only seems to depend on more.
 */
export type Tag = string

/** More rows than this are told as their table: dropping too much is allowed, and lists of tags stay short. */
const mostKeys = 200

/** One row each, by the first columns of its key. */
export function rowTags(entity: EntityName, ids: readonly string[]): readonly Tag[] {
  if (ids.length === 1) return [`${entity}:${ids[0]}`]
  return ids.length > mostKeys ? [entity] : ids.map((id) => `${entity}:${id}`)
}

/** The rows of these products in these stores. */
export function shelfTags(entity: 'stock' | 'store_price', storeIds: readonly string[], productIds: readonly string[]): readonly Tag[] {
  if (storeIds.length === 1 && productIds.length === 1) return [`${entity}:${storeIds[0]}:${productIds[0]}`]
  if (storeIds.length * productIds.length > mostKeys) return storeIds.map((storeId) => `${entity}:${storeId}`)
  return storeIds.flatMap((storeId) => productIds.map((productId) => `${entity}:${storeId}:${productId}`))
}

/** All rows of these stores, for an entity whose key does not begin with the store. */
export function storeTags(entity: 'device', storeIds: readonly string[]): readonly Tag[] {
  return storeIds.map((storeId) => `${entity}@${storeId}`)
}

/** Which readings are still held. */
export const retentionTag: Tag = 'reading retention'

/** A row before or after a change. */
type Image = Readonly<Record<string, unknown>> | null

/** Everything that reads of these two images of a row may depend on; none for an entity that only a newer cloud knows. */
export function changedTags(entity: string, key: readonly (string | number)[], before: Image, after: Image): readonly Tag[] {
  if (!Object.hasOwn(entities, entity)) return []
  const { scope, key: columns }: ReplicatedEntity = entities[entity as EntityName]
  const tags: Tag[] = [entity]
  for (const value of key) tags.push(`${tags.at(-1) ?? entity}:${value}`)
  if (scope === 'store_id' && columns[0] !== scope) {
    for (const image of [before, after]) if (image !== null) tags.push(`${entity}@${String(image.store_id)}`)
  }
  return tags
}
