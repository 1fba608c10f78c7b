import { sql } from 'kysely'
import type { StockRow, StorePriceRow } from '../storage/database.ts'
import { perStorage, prepared } from '../storage/prepared.ts'
import type { Storage } from '../storage/storage.ts'
import { hasStatus } from './level.ts'
import { refusedPages } from './refused.ts'
import { stockReport } from './report.ts'
import type { InventoryStore, LevelRows, MovementPage, PriceRows, StockFilter, StockPage } from './store.ts'

/** Inventory's reads over either database. */
export const inventoryStore = perStorage((storage): InventoryStore => {
  const { db, dialect } = storage
  return {
    stores: prepared(storage, (ids) => db.selectFrom('store').selectAll().where((eb) => dialect.isIn(eb.ref('id'), ids))),
    allStores: () => db.selectFrom('store').selectAll().execute(),
    storePage: (first, after) =>
      db
        .selectFrom('store')
        .selectAll()
        .$if(after !== null, (query) =>
          query.where((eb) => eb.or([eb('name', '>', after?.name ?? ''), eb.and([eb('name', '=', after?.name ?? ''), eb('id', '>', after?.id ?? '')])])),
        )
        .orderBy('name')
        .orderBy('id')
        .limit(first + 1)
        .execute(),
    async storeCount() {
      const { count } = await db.selectFrom('store').select((eb) => eb.fn.countAll().as('count')).executeTakeFirstOrThrow()
      return Number(count)
    },
    prices: shelfPrices(storage),
    levels: shelfLevels(storage),
    stocked: (productIds, storeIds) =>
      db
        .selectFrom('stock')
        .selectAll()
        .where((eb) => dialect.isIn(eb.ref('product_id'), productIds))
        .where((eb) => dialect.isIn(eb.ref('store_id'), storeIds))
        .where('on_hand', '>', 0)
        .execute(),
    stockPages: (storeIds, page) => stockPages(storage, storeIds, page),
    stockCounts: (storeIds, filter) => stockCounts(storage, storeIds, filter),
    movementPages: (storeIds, page) => movementPages(storage, storeIds, page),
    refusedPages: (storeIds, page) => refusedPages(storage, storeIds, page),
    stockReport: (grouping, storeId) => stockReport(storage, grouping, storeId),
  }
})

function shelfPrices(storage: Storage): InventoryStore['prices'] {
  const { db, dialect } = storage
  const select = prepared(storage, (productIds, storeIds) => db
    .selectFrom('store')
    .leftJoin('store_price', (join) => join.onRef('store_price.store_id', '=', 'store.id').on((eb) => dialect.isIn(eb.ref('store_price.product_id'), productIds)))
    .select(['store.id as store_id', 'store_price.product_id', 'store_price.amount_minor', 'store_price.currency', 'store_price.updated_at'])
    .where((eb) => dialect.isIn(eb.ref('store.id'), storeIds))
    .unionAll(
      db
        .selectFrom('list_price')
        .select([sql<string>`null`.as('store_id'), 'product_id', 'amount_minor', 'currency', 'updated_at'])
        .where((eb) => dialect.isIn(eb.ref('product_id'), productIds)),
    ))
  return (productIds, storeIds) => select(productIds, storeIds).then(priceRows)
}

type PriceRow = Pick<StorePriceRow, 'store_id'> & { readonly [Column in Exclude<keyof StorePriceRow, 'store_id'>]: StorePriceRow[Column] | null }

function priceRows(rows: readonly PriceRow[]): PriceRows {
  const list: PriceRows['list'][number][] = []
  const store: PriceRows['store'][number][] = []
  const knownStores: string[] = []
  for (const { store_id, product_id, amount_minor, currency, updated_at } of rows as readonly { readonly [Column in keyof PriceRow]: PriceRow[Column] | null }[]) {
    if (store_id !== null) knownStores.push(store_id)
    if (product_id === null || amount_minor === null || currency === null || updated_at === null) continue
    if (store_id === null) list.push({ product_id, amount_minor, currency, updated_at })
    else store.push({ store_id, product_id, amount_minor, currency, updated_at })
  }
  return { list, store, knownStores }
}

function shelfLevels(storage: Storage): InventoryStore['levels'] {
  const { db, dialect } = storage
  const select = prepared(storage, (productIds, storeIds) => db
    .selectFrom('store')
    .leftJoin('stock', (join) => join.onRef('stock.store_id', '=', 'store.id').on((eb) => dialect.isIn(eb.ref('stock.product_id'), productIds)))
    .select(['store.id as store_id', 'stock.product_id', 'stock.on_hand', 'stock.reorder_point', 'stock.order_up_to', 'stock.updated_at'])
    .where((eb) => dialect.isIn(eb.ref('store.id'), storeIds)))
  return (productIds, storeIds) => select(productIds, storeIds).then(levelRows)
}

type FoundLevel = Pick<StockRow, 'store_id' | 'reorder_point' | 'order_up_to'> & { readonly [Column in 'product_id' | 'on_hand' | 'updated_at']: StockRow[Column] | null }

function levelRows(rows: readonly FoundLevel[]): LevelRows {
  const stock: StockRow[] = []
  const knownStores: string[] = []
  for (const { store_id, product_id, on_hand, reorder_point, order_up_to, updated_at } of rows) {
    knownStores.push(store_id)
    if (product_id !== null && on_hand !== null && updated_at !== null) stock.push({ store_id, product_id, on_hand, reorder_point, order_up_to, updated_at })
  }
  return { stock, knownStores }
}

function filteredStock({ db, dialect }: Storage, storeIds: readonly string[], { productIds, statuses }: StockFilter) {
  let query = db.selectFrom('stock').where((eb) => dialect.isIn(eb.ref('stock.store_id'), storeIds))
  if (productIds !== null) query = query.where((eb) => dialect.isIn(eb.ref('stock.product_id'), productIds))
  if (statuses !== null) query = query.where(hasStatus(statuses))
  return query
}

async function stockPages(storage: Storage, storeIds: readonly string[], page: StockPage): Promise<StockRow[]> {
  let levelsOf = filteredStock(storage, storeIds, page).selectAll('stock')
  if (page.after !== null) levelsOf = levelsOf.where('stock.product_id', '>', page.after)
  // One store's page stops at the limit; only a page of several stores needs to number the rows of each.
  if (storeIds.length === 1) return levelsOf.orderBy('stock.product_id').limit(page.first + 1).execute()
  return storage.db
    .selectFrom(levelsOf.select((eb) => eb.fn.agg<number>('row_number').over((over) => over.partitionBy('stock.store_id').orderBy('stock.product_id')).as('place')).as('stock'))
    .select(['store_id', 'product_id', 'on_hand', 'reorder_point', 'order_up_to', 'updated_at'])
    .where('place', '<=', page.first + 1)
    .orderBy('store_id')
    .orderBy('product_id')
    .execute()
}

async function stockCounts(storage: Storage, storeIds: readonly string[], filter: StockFilter) {
  const rows = await filteredStock(storage, storeIds, filter)
    .select((eb) => ['stock.store_id', eb.fn.countAll().as('count')])
    .groupBy('stock.store_id')
    .execute()
  return rows.map((row) => ({ storeId: row.store_id, count: Number(row.count) }))
}

async function movementPages({ db, dialect }: Storage, storeIds: readonly string[], { productId, first, after }: MovementPage) {
  let movements = db.selectFrom('movement').selectAll().where((eb) => dialect.isIn(eb.ref('store_id'), storeIds))
  if (productId !== null) movements = movements.where('product_id', '=', productId)
  if (after !== null) {
    movements = movements.where((eb) => eb.or([eb('occurred_at', '<', after.occurredAt), eb.and([eb('occurred_at', '=', after.occurredAt), eb('id', '<', after.id)])]))
  }
  if (storeIds.length === 1) return movements.orderBy('occurred_at', 'desc').orderBy('id', 'desc').limit(first + 1).execute()
  return db
    .selectFrom(
      movements
        .select((eb) => eb.fn.agg<number>('row_number').over((over) => over.partitionBy('store_id').orderBy('occurred_at', 'desc').orderBy('id', 'desc')).as('place'))
        .as('movement'),
    )
    .select(['id', 'store_id', 'product_id', 'kind', 'quantity', 'counted', 'on_hand_after', 'occurred_at', 'recorded_at'])
    .where('place', '<=', first + 1)
    .orderBy('store_id')
    .orderBy('occurred_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}
