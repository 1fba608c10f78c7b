import DataLoader from 'dataloader'
import { AisleError } from '../../runtime/errors.ts'
import { groupBy, ownerLoader, type OwnerKey } from '../shared/loaders.ts'
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
  readonly store: DataLoader<string, StoreRow | null>
  /** Null where the product has no price; STORE_UNKNOWN for a store that the chain has not. */
  readonly price: DataLoader<PriceKey, Price | null, string>
  /** STORE_UNKNOWN for a store that the chain has not. */
  readonly level: DataLoader<LevelKey, Level, string>
  /** Levels by store; one more than the page holds. */
  readonly stockPage: DataLoader<OwnerKey<StockPage>, StockRow[], string>
  readonly stockCount: DataLoader<OwnerKey<StockFilter>, number, string>
  /** Movements by store; one more than the page holds. */
  readonly movementPage: DataLoader<OwnerKey<MovementPage>, MovementRow[], string>
  /** Refused writes by store; one more than the page holds. */
  readonly refusedPage: DataLoader<OwnerKey<RefusedPage>, EdgeOperationRow[], string>
  /** Levels by product. */
  readonly nearest: DataLoader<OwnerKey<NearestArgs>, Level[], string>
}

export function inventoryLoaders(store: InventoryStore): InventoryLoaders {
  return {
    store: new DataLoader(async (ids) => {
      const rows = new Map((await store.stores(ids)).map((row) => [row.id, row]))
      return ids.map((id) => rows.get(id) ?? null)
    }),
    price: new DataLoader((keys) => loadPrices(store, keys), { cacheKeyFn: ({ productId, storeId }) => JSON.stringify([storeId, productId]) }),
    level: new DataLoader((keys) => loadLevels(store, keys), { cacheKeyFn: ({ productId, storeId }) => JSON.stringify([storeId, productId]) }),
    stockPage: ownerLoader(async (ids, page) => groupBy(await store.stockPages(ids, page), (row) => row.store_id), () => []),
    stockCount: ownerLoader(async (ids, filter) => new Map((await store.stockCounts(ids, filter)).map(({ storeId, count }) => [storeId, count])), () => 0),
    movementPage: ownerLoader(async (ids, page) => groupBy(await store.movementPages(ids, page), (row) => row.store_id), () => []),
    refusedPage: ownerLoader(async (ids, page) => groupBy(await store.refusedPages(ids, page), (row) => row.store_id), () => []),
    nearest: ownerLoader((ids, args) => loadNearest(store, ids, args), () => []),
  }
}

async function loadPrices(store: InventoryStore, keys: readonly PriceKey[]): Promise<(Price | null | Error)[]> {
  const rows = await store.prices([...new Set(keys.map((key) => key.productId))], [...new Set(keys.flatMap(({ storeId }) => storeId ?? []))])
  const lists = new Map(rows.list.map((row) => [row.product_id, row]))
  const stores = new Map(rows.store.map((row) => [JSON.stringify([row.store_id, row.product_id]), row]))
  return keys.map(({ productId, storeId }) => {
    if (storeId !== null && !rows.knownStores.has(storeId)) return unknownStore(storeId)
    const list = lists.get(productId) ?? null
    const applies = (storeId === null ? undefined : stores.get(JSON.stringify([storeId, productId]))) ?? list
    return applies === null ? null : { applies, list }
  })
}

async function loadLevels(store: InventoryStore, keys: readonly LevelKey[]): Promise<(Level | Error)[]> {
  const rows = await store.levels([...new Set(keys.map((key) => key.productId))], [...new Set(keys.map((key) => key.storeId))])
  const stock = new Map(rows.stock.map((row) => [JSON.stringify([row.store_id, row.product_id]), row]))
  return keys.map(({ productId, storeId }) => {
    if (!rows.knownStores.has(storeId)) return unknownStore(storeId)
    return { storeId, productId, stock: stock.get(JSON.stringify([storeId, productId])) ?? null }
  })
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
