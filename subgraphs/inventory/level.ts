import { expressionBuilder, type ExpressionWrapper, type SqlBool } from 'kysely'
import type { Database, StockRow } from '../storage/database.ts'

export type AvailabilityStatus = 'IN_STOCK' | 'LOW_STOCK' | 'OUT_OF_STOCK' | 'NOT_CARRIED'

/** A product in a store; `stock` is null where the store never had it. */
export interface Level {
  readonly storeId: string
  readonly productId: string
  readonly stock: StockRow | null
}

/** The level that a row of stock stands for. */
export function levelOf(stock: StockRow): Level {
  return { storeId: stock.store_id, productId: stock.product_id, stock }
}

/** The rule of status; `hasStatus` says the same in SQL. */
export function statusOf(stock: StockRow | null): AvailabilityStatus {
  if (stock === null) return 'NOT_CARRIED'
  if (stock.on_hand <= 0) return 'OUT_OF_STOCK'
  return stock.reorder_point !== null && stock.on_hand <= stock.reorder_point ? 'LOW_STOCK' : 'IN_STOCK'
}

/** True for the rows of stock whose status is one of these. */
export function hasStatus(statuses: readonly AvailabilityStatus[]): ExpressionWrapper<Database, 'stock', SqlBool> {
  const eb = expressionBuilder<Database, 'stock'>()
  const rules = {
    IN_STOCK: eb.and([eb('stock.on_hand', '>', 0), eb.or([eb('stock.reorder_point', 'is', null), eb('stock.on_hand', '>', eb.ref('stock.reorder_point'))])]),
    LOW_STOCK: eb.and([eb('stock.on_hand', '>', 0), eb('stock.on_hand', '<=', eb.ref('stock.reorder_point'))]),
    OUT_OF_STOCK: eb.and([eb('stock.on_hand', '<=', 0)]),
    // A row of stock means that the store carries the product.
    NOT_CARRIED: eb.or([]),
  }
  return eb.or([...new Set(statuses)].map((status) => rules[status]))
}
