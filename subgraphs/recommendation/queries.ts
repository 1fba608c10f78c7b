import type { Storage } from '../storage/storage.ts'
import type { RecommendationStore } from './store.ts'

/** Recommendation's reads over either database. */
export function recommendationStore({ db, dialect }: Storage): RecommendationStore {
  return {
    neighbours: (productIds) =>
      db
        .selectFrom('product')
        .leftJoin('neighbours', 'neighbours.product_id', 'product.id')
        .select(['product.id', 'neighbours.similar_to', 'neighbours.bought_with'])
        .where((eb) => dialect.isIn(eb.ref('product.id'), productIds))
        .execute(),
    async existing(productIds) {
      const rows = await db.selectFrom('product').select('id').where((eb) => dialect.isIn(eb.ref('id'), productIds)).execute()
      return rows.map(({ id }) => id)
    },
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
    trending: (storeIds) => db.selectFrom('trending').selectAll().where((eb) => dialect.isIn(eb.ref('store_id'), storeIds)).execute(),
    async hasStore(id) {
      return (await db.selectFrom('store').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
    },
  }
}
