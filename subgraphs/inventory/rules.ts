import type { UserError } from '../shared/commands.ts'
import type { RecordCount, RecordMovement, StockErrorCode } from './commands.ts'

/** What a write of stock is refused for whatever the database holds: the same in the cloud and on a store's node. */
export type StockRefusal = UserError<StockErrorCode>

/** Where a level cannot go: the column and the graph's Int hold 32 bits. */
export const largestLevel = 2_147_483_647

/** How far a clock in a store may run ahead, in milliseconds. */
export const clockToleranceMs = 24 * 60 * 60 * 1000

/** Which sign the quantity of each kind has; 0 for either. */
const signs = { SALE: -1, RECEIPT: 1, RETURN: 1, LOSS: -1, TRANSFER: 0, ADJUSTMENT: 0 } as const

/** Why the movement is refused, or null; `now` (epoch milliseconds) is when it was received. */
export function checkMovement({ kind, quantity, occurredAt }: RecordMovement, now: number): StockRefusal | null {
  if (kind === 'COUNT') return invalidQuantity('A count is not a movement: use recordStockCount.', 'kind')
  if (!Number.isInteger(quantity) || quantity === 0) return invalidQuantity('The quantity must be a whole number other than zero.', 'quantity')
  const sign = signs[kind]
  if (sign !== 0 && Math.sign(quantity) !== sign) return invalidQuantity(`The quantity of a ${kind} is ${sign < 0 ? 'negative' : 'positive'}.`, 'quantity')
  return checkTime(occurredAt, now, 'occurredAt')
}

/** Why the count is refused, or null; `now` (epoch milliseconds) is when it was received. */
export function checkCount({ counted, countedAt }: RecordCount, now: number): StockRefusal | null {
  if (!Number.isInteger(counted) || counted < 0 || counted > largestLevel) return invalidQuantity('A count is zero or more.', 'counted')
  return checkTime(countedAt, now, 'countedAt')
}

/** Why a write is refused whose level after it does not fit, or null. */
export function checkLevel(onHand: number, field: 'quantity' | 'counted'): StockRefusal | null {
  return Math.abs(onHand) > largestLevel ? invalidQuantity('The level after it would not fit.', field) : null
}

export function storeNotFound(storeId: string): UserError<'STORE_NOT_FOUND'> {
  return { code: 'STORE_NOT_FOUND', message: `The chain has no store ${storeId}.`, field: ['input', 'storeId'] }
}

export function productNotFound(productId: string): UserError<'PRODUCT_NOT_FOUND'> {
  return { code: 'PRODUCT_NOT_FOUND', message: `The catalogue has no product ${productId}.`, field: ['input', 'productId'] }
}

function invalidQuantity(message: string, field: string): StockRefusal {
  return { code: 'INVALID_QUANTITY', message, field: ['input', field] }
}

function checkTime(at: number | null, now: number, field: string): StockRefusal | null {
  if (at === null || at <= now + clockToleranceMs) return null
  return { code: 'INVALID_TIME', message: 'The time lies more than a day in the future.', field: ['input', field] }
}
