import { perStorage, prepared } from '../storage/prepared.ts'
import type { RecommendationStore } from './store.ts'

/** Recommendation's reads over either database. */
export const recommendationStore = perStorage((storage): RecommendationStore => {
  const { db, dialect } = storage
  const existing = prepared(storage, (productIds) => db.selectFrom('product').select('id').where((eb) => dialect.isIn(eb.ref('id'), productIds)))
  return {
    neighbours: prepared(storage, (productIds) =>
      db
        .selectFrom('product')
        .leftJoin('neighbours', 'neighbours.product_id', 'product.id')
        .select(['product.id', 'neighbours.similar_to', 'neighbours.bought_with'])
        .where((eb) => dialect.isIn(eb.ref('product.id'), productIds))),
    existing: (productIds) => existing(productIds).then((rows) => rows.map(({ id }) => id)),
    purchases: (customerId, lines) =>
      db
        .selectFrom('sale')
        .innerJoin('sale_line', 'sale_line.sale_id', 'sale.id')
        .select(['sale.id as saleId', 'sale_line.product_id as productId'])
        .where('sale.customer_id', '=', customerId)
        .where('sale_line.quantity', '>', 0)
        .orderBy('sale.ordered_at', 'desc')
        .orderBy('sale.id', 'desc')
        .orderBy('sale_line.line')
        .limit(lines)
        .execute(),
    trending: prepared(storage, (storeIds) => db.selectFrom('trending').selectAll().where((eb) => dialect.isIn(eb.ref('store_id'), storeIds))),
    async hasStore(id) {
      return (await db.selectFrom('store').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
    },
  }
})
