import type { StockRow } from '../../../../subgraphs/storage/database.ts'
import type { StockEvent } from './effects.ts'

/**
 * The level that a store shows while some of its writes are under way: the cloud's law (the latest count by time plus the
 * movements that occurred after it; see `stock-law.ts` of inventory) over what the store knows.
 *
 * The replica has levels, not their history, so while a write is pending two things are approximate: a count hides
 * movements of others that the cloud places after it, and a write still counts although the cloud may hold a later
 * count. Both end with the batch that settles the write.
 *
 * @param base the replica's row; null where the store never had the product
 * @param events pending writes of this level, in order of acceptance
 */
export function shownLevel(base: StockRow | null, events: readonly StockEvent[]): StockRow | null {
  const [first] = events
  if (first === undefined) return base
  let level: StockRow = base ?? unseen(first)
  let count: StockEvent | null = null
  const movements: StockEvent[] = []
  for (const event of events) {
    if (event.quantity !== null) {
      movements.push(event)
      level = afterMovement(level, event, count?.occurredAt ?? null)
    } else if (count === null || event.occurredAt >= count.occurredAt) {
      count = event
      const later = movements.reduce((sum, { occurredAt, quantity }) => (occurredAt > event.occurredAt ? sum + (quantity ?? 0) : sum), 0)
      level = moved(level, (event.counted ?? 0) + later, event.receivedAt)
    }
  }
  return level
}

/** The level after one more movement; `countedAt` is the time of the latest pending count, null without any. */
export function afterMovement(level: StockRow, { quantity, occurredAt, receivedAt }: StockEvent, countedAt: number | null): StockRow {
  if (quantity === null || (countedAt !== null && occurredAt <= countedAt)) return level
  return moved(level, level.on_hand + quantity, receivedAt)
}

/** Before its first movement or count, a level that the store never had stands at zero. */
function unseen({ storeId, productId, receivedAt }: StockEvent): StockRow {
  return { store_id: storeId, product_id: productId, on_hand: 0, reorder_point: null, order_up_to: null, updated_at: receivedAt }
}

/** What leaves the level as it is leaves its time alone too. */
function moved(level: StockRow, onHand: number, receivedAt: number): StockRow {
  return onHand === level.on_hand ? level : { ...level, on_hand: onHand, updated_at: Math.max(level.updated_at, receivedAt) }
}
