import { sql } from 'kysely'
import { perStorage, prepared } from '../storage/prepared.ts'
import type { Storage } from '../storage/storage.ts'
import type { Candidate, CandidateScope, PriceCount, SearchStore } from './store.ts'

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
    candidates: (ids, scope) => candidates(storage, ids, scope),
    priceCounts: (ids, storeId) => priceCounts(storage, ids, storeId),
  }
})

/** Without a store there is no row of its prices to join: every store has an id that is not empty. */
const noStore = ''

function priced({ db, dialect }: Storage, ids: readonly string[], storeId: string | null) {
  return db
    .selectFrom('product')
    .leftJoin('store_price', (join) => join.onRef('store_price.product_id', '=', 'product.id').on('store_price.store_id', '=', storeId ?? noStore))
    .leftJoin('list_price', 'list_price.product_id', 'product.id')
    .where((eb) => dialect.isIn(eb.ref('product.id'), ids))
}

const minor = sql<number | null>`case when store_price.product_id is null then list_price.amount_minor else store_price.amount_minor end`
const currency = sql<string | null>`case when store_price.product_id is null then list_price.currency else store_price.currency end`

async function candidates(storage: Storage, ids: readonly string[], { storeId, inStock }: CandidateScope): Promise<Candidate[]> {
  const rows = await priced(storage, ids, storeId)
    .select(['product.id', 'product.name', minor.as('minor'), currency.as('currency')])
    .$if(inStock, (query) =>
      query.where((eb) =>
        eb.exists(
          eb
            .selectFrom('stock')
            .select('stock.product_id')
            .whereRef('stock.product_id', '=', 'product.id')
            .where('stock.store_id', '=', storeId ?? noStore)
            .where('stock.on_hand', '>', 0),
        ),
      ),
    )
    .execute()
  return rows.map((row) => ({ id: row.id, name: row.name, price: row.minor === null || row.currency === null ? null : { minor: row.minor, currency: row.currency } }))
}

async function priceCounts(storage: Storage, ids: readonly string[], storeId: string | null): Promise<PriceCount[]> {
  const rows = await (storeId === null ? listPriceCounts(storage, ids) : storePriceCounts(storage, ids, storeId)).execute()
  return rows.flatMap((row) => (row.minor === null || row.currency === null ? [] : [{ minor: row.minor, currency: row.currency, count: row.count }]))
}

function storePriceCounts(storage: Storage, ids: readonly string[], storeId: string) {
  return priced(storage, ids, storeId)
    .select((eb) => [minor.as('minor'), currency.as('currency'), eb.fn.countAll<number>().as('count')])
    .groupBy([minor, currency])
}

/** Without a store there is one table to read: a facet may be over thousands of products. */
function listPriceCounts({ db, dialect }: Storage, ids: readonly string[]) {
  return db
    .selectFrom('list_price')
    .where((eb) => dialect.isIn(eb.ref('product_id'), ids))
    .select((eb) => ['amount_minor as minor', 'currency', eb.fn.countAll<number>().as('count')])
    .groupBy(['amount_minor', 'currency'])
}
