import { perStorage, prepared } from '../storage/prepared.ts'
import type { Storage } from '../storage/storage.ts'
import type { SearchStore, ShelfRow } from './store.ts'

/** Search's reads over either database. */
export const searchStore = perStorage((storage): SearchStore => {
  const { db, dialect } = storage
  return {
    products: prepared(storage, (ids) => db.selectFrom('product').selectAll().where((eb) => dialect.isIn(eb.ref('id'), ids))),
    categories: prepared(storage, (ids) => db.selectFrom('category').selectAll().where((eb) => dialect.isIn(eb.ref('id'), ids))),
    childCategories: (parentIds, top) =>
      db
        .selectFrom('category')
        .selectAll()
        .where((eb) => eb.or([dialect.isIn(eb.ref('parent_id'), parentIds), ...(top ? [eb('parent_id', 'is', null)] : [])]))
        .orderBy('name')
        .orderBy('id')
        .execute(),
    async hasStore(id) {
      return (await db.selectFrom('store').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
    },
    shelf: (ids, storeId, withStock) => shelf(storage, ids, storeId, withStock),
  }
})

/** A price of the store's own, or (without one) a product that it has in stock. */
interface OwnRow {
  readonly product_id: string
  readonly amount_minor: number | null
  readonly currency: string | null
}

async function shelf({ db, dialect }: Storage, ids: readonly string[], storeId: string, withStock: boolean): Promise<ShelfRow[]> {
  const prices = db
    .selectFrom('store_price')
    .select(['product_id', 'amount_minor', 'currency'])
    .where('store_id', '=', storeId)
    .where((eb) => dialect.isIn(eb.ref('product_id'), ids))
    .$castTo<OwnRow>()
  const stocked = db
    .selectFrom('stock')
    .select((eb) => ['product_id', eb.lit(null).as('amount_minor'), eb.lit(null).as('currency')])
    .where('store_id', '=', storeId)
    .where('on_hand', '>', 0)
    .where((eb) => dialect.isIn(eb.ref('product_id'), ids))
    .$castTo<OwnRow>()
  const rows = await (withStock ? prices.unionAll(stocked) : prices).execute()
  const shelves = new Map<string, ShelfRow>()
  for (const { product_id: productId, amount_minor: minor, currency } of rows) {
    const known = shelves.get(productId) ?? { productId, price: null, inStock: false }
    shelves.set(productId, minor === null || currency === null ? { ...known, inStock: true } : { ...known, price: { minor, currency } })
  }
  return [...shelves.values()]
}
