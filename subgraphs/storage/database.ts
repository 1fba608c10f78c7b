import type { Generated } from 'kysely'

/**
 * The tables as both databases show them. Times are epoch milliseconds, money is minor units, lists are JSON text.
 * Postgres has all of them; a store's replica has those named in `entities.ts`.
 */
export interface Database {
  category: CategoryRow
  product: ProductRow
  list_price: ListPriceRow
  store: StoreRow
  neighbours: NeighboursRow
  trending: TrendingRow
  store_price: StorePriceRow
  stock: StockRow
  device: DeviceRow
  reading: ReadingRow
  edge_operation: EdgeOperationRow
  movement: MovementRow
  sale: SaleRow
  sale_line: SaleLineRow
  operation: OperationRow
  setting: SettingRow
  audit_log: AuditLogRow
}

export interface CategoryRow {
  id: string
  parent_id: string | null
  name: string
  /** JSON array of names, top level first. */
  path: string
}

export interface ProductRow {
  id: string
  name: string
  description: string | null
  brand: string | null
  category_id: string | null
  gtin: string | null
  /** JSON array of [name, value], in the catalogue's order. */
  attributes: string
  image_url: string | null
}

export interface ListPriceRow {
  product_id: string
  amount_minor: number
  currency: string
  updated_at: number
}

export interface StoreRow {
  id: string
  name: string
  street: string | null
  city: string | null
  region: string | null
  postcode: string | null
  country: string | null
  latitude: number | null
  longitude: number | null
  timezone: string
  opening_hours: string | null
}

export interface NeighboursRow {
  product_id: string
  /** JSON array of [product id, score, reason], best first. */
  similar_to: string
  /** JSON array of [product id, score, reason], best first. */
  bought_with: string
}

export interface TrendingRow {
  /** Empty for the whole chain. */
  store_id: string
  /** JSON array of [product id, score], best first. */
  items: string
}

export interface StorePriceRow {
  store_id: string
  product_id: string
  amount_minor: number
  currency: string
  updated_at: number
}

export interface StockRow {
  store_id: string
  product_id: string
  on_hand: number
  reorder_point: number | null
  order_up_to: number | null
  updated_at: number
}

export interface DeviceRow {
  id: string
  store_id: string
  kind: string
  firmware: string | null
  status: string
  last_seen_at: number | null
  /** JSON array of product ids. */
  shows: string
}

export interface ReadingRow {
  device_id: string
  metric: string
  at: number
  value: number
  store_id: string
}

export interface EdgeOperationRow {
  store_id: string
  incarnation: string
  n: number
  operation_id: string
  payload_hash: string
  /** JSON, see the command that wrote it. */
  outcome: string
  recorded_at: number
}

export interface MovementRow {
  id: string
  store_id: string
  product_id: string
  kind: string
  /** Signed change; null for a count. */
  quantity: number | null
  /** Pieces counted; null for a movement. */
  counted: number | null
  on_hand_after: number
  occurred_at: number
  recorded_at: number
}

export interface SaleRow {
  id: string
  store_id: string | null
  customer_id: string | null
  ordered_at: number
}

export interface SaleLineRow {
  sale_id: string
  line: number
  product_id: string
  quantity: number
  unit_price_minor: number
  currency: string
}

export interface OperationRow {
  principal: string
  operation_id: string
  kind: string
  payload_hash: string
  /** JSON, see the command that wrote it. */
  outcome: string
  recorded_at: number
}

export interface AuditLogRow {
  id: Generated<number>
  at: number
  said_at: number
  principal: string
  mutation: string
  operation_id: string
  store_id: string | null
  /** JSON array of the ids of products or devices. */
  subjects: string
  /** ACCEPTED, or the code of the refusal. */
  outcome: string
  source: string
  request_id: string | null
}

export interface SettingRow {
  key: string
  value: string
}
