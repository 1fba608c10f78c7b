import type { EdgeOperationRow, ListPriceRow, MovementRow, StockRow, StorePriceRow, StoreRow } from '../storage/database.ts'
import type { AvailabilityStatus } from './level.ts'

/** The prices of some products: the chain's, and those that some stores set. */
export interface PriceRows {
  readonly list: readonly ListPriceRow[]
  readonly store: readonly StorePriceRow[]
  /** Which of the stores asked for exist. */
  readonly knownStores: readonly string[]
}

/** The stock of some products in some stores. */
export interface LevelRows {
  readonly stock: readonly StockRow[]
  /** Which of the stores asked for exist. */
  readonly knownStores: readonly string[]
}

/** What narrows a list of stock; null asks for all. */
export interface StockFilter {
  readonly productIds: readonly string[] | null
  readonly statuses: readonly AvailabilityStatus[] | null
}

/** A page of stock, by product id. One row more than `first` is read, to know whether there is a next page. */
export interface StockPage extends StockFilter {
  readonly first: number
  /** Product id of the last level of the page before. */
  readonly after: string | null
}

/** A page of movements, latest first. */
export interface MovementPage {
  readonly productId: string | null
  readonly first: number
  readonly after: { readonly occurredAt: number; readonly id: string } | null
}

/** A page of refused writes, latest first. */
export interface RefusedPage {
  readonly first: number
  readonly after: { readonly recordedAt: number; readonly incarnation: string; readonly n: number } | null
}

export type StockGrouping = 'STORE' | 'CATEGORY' | 'BRAND' | 'PRODUCT'

/** One group of the stock report in one currency; null currency for what has no price. */
export interface ReportGroup {
  readonly key: string | null
  readonly label: string | null
  readonly currency: string | null
  readonly levels: number
  readonly onHand: number
  readonly outOfStock: number
  readonly belowReorderPoint: number
  readonly valueMinor: bigint
}

/** What inventory reads. Each call is one statement, whatever the number of ids. */
export interface InventoryStore {
  stores(ids: readonly string[]): PromiseLike<StoreRow[]>
  /** All of them: a chain has a few thousand. */
  allStores(): Promise<StoreRow[]>
  /** By name, then id; one more than `first`. */
  storePage(first: number, after: { readonly name: string; readonly id: string } | null): Promise<StoreRow[]>
  storeCount(): Promise<number>
  prices(productIds: readonly string[], storeIds: readonly string[]): PromiseLike<PriceRows>
  levels(productIds: readonly string[], storeIds: readonly string[]): PromiseLike<LevelRows>
  /** Levels above zero. */
  stocked(productIds: readonly string[], storeIds: readonly string[]): Promise<StockRow[]>
  stockPages(storeIds: readonly string[], page: StockPage): Promise<StockRow[]>
  stockCounts(storeIds: readonly string[], filter: StockFilter): Promise<{ readonly storeId: string; readonly count: number }[]>
  movementPages(storeIds: readonly string[], page: MovementPage): Promise<MovementRow[]>
  refusedPages(storeIds: readonly string[], page: RefusedPage): Promise<EdgeOperationRow[]>
  /** Of one store, or of the whole chain. */
  stockReport(grouping: StockGrouping, storeId: string | null): Promise<ReportGroup[]>
}
