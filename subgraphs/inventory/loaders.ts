import { AisleError } from '../../runtime/errors.ts'
import { lazily } from '../shared/lazily.ts'
import { createLoader, type Batches, type Loader } from '../shared/loader.ts'
import { groupBy, ownerLoader, rowLoader, type OwnerKey } from '../shared/loaders.ts'
import { after, type Later } from '../shared/soon.ts'
import type { EdgeOperationRow, ListPriceRow, MovementRow, StockRow, StorePriceRow, StoreRow } from '../storage/database.ts'
import { byDistance, type Position } from './distance.ts'
import { levelOf, type Level } from './level.ts'
import type { InventoryStore, MovementPage, RefusedPage, StockFilter, StockPage } from './store.ts'

/** A product's price, as it applies in a store or (null) in the chain. */
export interface PriceKey {
  readonly productId: string
  readonly storeId: string | null
}

export interface LevelKey {
  readonly productId: string
  readonly storeId: string
}

/** The price that applies, and the chain's list price beside it. */
export interface Price {
  readonly applies: ListPriceRow | StorePriceRow
  readonly list: ListPriceRow | null
}

export interface NearestArgs {
  readonly near: Position
  readonly first: number
}

/** What the resolvers of one request share: each loader makes one statement of all that a tick asks of it. */
export interface InventoryLoaders {
  readonly store: Loader<string, StoreRow | null>
  /** Null where the product has no price; STORE_UNKNOWN for a store that the chain has not. */
  readonly price: Loader<PriceKey, Price | null>
  /** STORE_UNKNOWN for a store that the chain has not. */
  readonly level: Loader<LevelKey, Level>
  /** Levels by store; one more than the page holds. */
  readonly stockPage: Loader<OwnerKey<StockPage>, StockRow[]>
  readonly stockCount: Loader<OwnerKey<StockFilter>, number>
  /** Movements by store; one more than the page holds. */
  readonly movementPage: Loader<OwnerKey<MovementPage>, MovementRow[]>
  /** Refused writes by store; one more than the page holds. */
  readonly refusedPage: Loader<OwnerKey<RefusedPage>, EdgeOperationRow[]>
  /** Levels by product. */
  readonly nearest: Loader<OwnerKey<NearestArgs>, Level[]>
}

interface Source {
  readonly store: InventoryStore
  readonly batches: Batches | undefined
}

const makeLoaders = lazily<Source, InventoryLoaders>({
  store: ({ store, batches }) => rowLoader(batches, (ids) => store.stores(ids)),
  price: ({ store, batches }) => createLoader<PriceKey, Price | null>(batches, (keys) => loadPrices(store, keys), shelfName, (key) => loadPrice(store, key)),
  level: ({ store, batches }) => createLoader<LevelKey, Level>(batches, (keys) => loadLevels(store, keys), shelfName, (key) => loadLevel(store, key)),
  stockPage: ({ store, batches }) => ownerLoader(batches, async (ids, page) => groupBy(await store.stockPages(ids, page), (row) => row.store_id), () => []),
  stockCount: ({ store, batches }) => ownerLoader(batches, async (ids, filter) => new Map((await store.stockCounts(ids, filter)).map(({ storeId, count }) => [storeId, count])), () => 0),
  movementPage: ({ store, batches }) => ownerLoader(batches, async (ids, page) => groupBy(await store.movementPages(ids, page), (row) => row.store_id), () => []),
  refusedPage: ({ store, batches }) => ownerLoader(batches, async (ids, page) => groupBy(await store.refusedPages(ids, page), (row) => row.store_id), () => []),
  nearest: ({ store, batches }) => ownerLoader(batches, (ids, args) => loadNearest(store, ids, args), () => []),
})

export function inventoryLoaders(store: InventoryStore, batches?: Batches): InventoryLoaders {
  return makeLoaders({ store, batches })
}

/** Different for each place of a product, whatever the ids are made of. */
function shelfName({ storeId, productId }: PriceKey): string {
  return storeId === null ? ` ${productId}` : `${storeId.length} ${storeId} ${productId}`
}

function loadPrices(store: InventoryStore, keys: readonly PriceKey[]): PromiseLike<(Price | null | Error)[]> {
  return store.prices(distinct(keys.map(({ productId }) => productId)), distinct(keys.flatMap(({ storeId }) => storeId ?? []))).then((rows) => {
    const lists = new Map(rows.list.map((row) => [row.product_id, row]))
    const stores = byShelf(rows.store)
    const known = new Set(rows.knownStores)
    return keys.map((key) => priceOf(key, key.storeId === null || known.has(key.storeId), key.storeId === null ? undefined : stores.get(shelfName(key)), lists.get(key.productId)))
  })
}

function loadPrice(store: InventoryStore, key: PriceKey): Later<Price | null | Error> {
  return after(store.prices([key.productId], key.storeId === null ? [] : [key.storeId]), ({ list, store: own, knownStores }) =>
    priceOf(key, key.storeId === null || knownStores.length > 0, own[0], list[0]))
}

function priceOf({ storeId }: PriceKey, known: boolean, own: StorePriceRow | undefined, list: ListPriceRow | undefined): Price | null | Error {
  if (!known) return unknownStore(storeId ?? '')
  const applies = own ?? list
  return applies === undefined ? null : { applies, list: list ?? null }
}

function loadLevels(store: InventoryStore, keys: readonly LevelKey[]): PromiseLike<(Level | Error)[]> {
  return store.levels(distinct(keys.map(({ productId }) => productId)), distinct(keys.map(({ storeId }) => storeId))).then((rows) => {
    const stock = byShelf(rows.stock)
    const known = new Set(rows.knownStores)
    return keys.map((key) => levelAt(key, known.has(key.storeId), stock.get(shelfName(key))))
  })
}

function loadLevel(store: InventoryStore, key: LevelKey): Later<Level | Error> {
  return after(store.levels([key.productId], [key.storeId]), ({ stock, knownStores }) => levelAt(key, knownStores.length > 0, stock[0]))
}

function levelAt({ storeId, productId }: LevelKey, known: boolean, stock: StockRow | undefined): Level | Error {
  return known ? { storeId, productId, stock: stock ?? null } : unknownStore(storeId)
}

function byShelf<Row extends { readonly store_id: string; readonly product_id: string }>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [shelfName({ storeId: row.store_id, productId: row.product_id }), row]))
}

function distinct(values: readonly string[]): readonly string[] {
  return values.length < 2 ? values : [...new Set(values)]
}

/** Stores in the first search; each further one takes four times as many, so a chain of thousands takes a handful. */
const firstRing = 64

async function loadNearest(store: InventoryStore, productIds: readonly string[], { near, first }: NearestArgs): Promise<Map<string, Level[]>> {
  const stores = byDistance(await store.allStores(), near).filter(({ km }) => km !== null)
  const found = new Map<string, Level[]>(productIds.map((id) => [id, []]))
  let wanting: readonly string[] = first === 0 ? [] : productIds
  for (let start = 0, size = firstRing; start < stores.length && wanting.length > 0; start += size, size *= 4) {
    const ring = stores.slice(start, start + size).map(({ place }) => place.id)
    const levels = groupBy(await store.stocked(wanting, ring), (row) => row.product_id)
    const rank = new Map(ring.map((id, index) => [id, index]))
    for (const productId of wanting) {
      const nearer = (levels.get(productId) ?? []).toSorted((a, b) => (rank.get(a.store_id) ?? 0) - (rank.get(b.store_id) ?? 0))
      const list = found.get(productId) ?? []
      list.push(...nearer.slice(0, first - list.length).map(levelOf))
    }
    wanting = wanting.filter((id) => (found.get(id)?.length ?? 0) < first)
  }
  return found
}

export function unknownStore(storeId: string): AisleError {
  return new AisleError('STORE_UNKNOWN', `The chain has no store ${storeId}.`, { details: { storeId } })
}
