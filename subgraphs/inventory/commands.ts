import type { CommandContext, Outcome } from '../shared/commands.ts'
import type { ListPriceRow, StockRow, StorePriceRow } from '../storage/database.ts'

export type StockErrorCode = 'STORE_NOT_FOUND' | 'PRODUCT_NOT_FOUND' | 'INVALID_QUANTITY' | 'INVALID_TIME' | 'OPERATION_ID_REUSED'
export type PriceErrorCode = 'STORE_NOT_FOUND' | 'PRODUCT_NOT_FOUND' | 'INVALID_AMOUNT' | 'OPERATION_ID_REUSED'

export type MovementKind = 'SALE' | 'RECEIPT' | 'RETURN' | 'LOSS' | 'TRANSFER' | 'ADJUSTMENT'

/** A signed delta; times in epoch milliseconds. */
export interface RecordMovement {
  readonly operationId: string
  readonly storeId: string
  readonly productId: string
  readonly kind: MovementKind | 'COUNT'
  readonly quantity: number
  readonly occurredAt: number | null
}

/** An observation with its time. */
export interface RecordCount {
  readonly operationId: string
  readonly storeId: string
  readonly productId: string
  readonly counted: number
  readonly countedAt: number | null
}

export interface SetPrice {
  readonly operationId: string
  readonly productId: string
  readonly storeId: string | null
  readonly amount: string
  readonly currencyCode: string
}

/**
 * The writes of inventory. In the cloud they change Postgres in one transaction; on a store's node they are kept in
 * the outbox until they are delivered. The same operationId again changes nothing and returns the first outcome;
 * with other input it is refused with OPERATION_ID_REUSED.
 */
export interface InventoryCommands {
  recordMovement(command: RecordMovement, context: CommandContext): Promise<Outcome<StockRow, StockErrorCode>>
  recordCount(command: RecordCount, context: CommandContext): Promise<Outcome<StockRow, StockErrorCode>>
  setPrice(command: SetPrice, context: CommandContext): Promise<Outcome<ListPriceRow | StorePriceRow, PriceErrorCode>>
}
