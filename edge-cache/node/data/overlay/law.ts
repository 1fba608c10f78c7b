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
  let onHand = base?.on_hand ?? 0
  let updatedAt = base?.updated_at ?? first.receivedAt
  let count: StockEvent | null = null
  const moves: StockEvent[] = []
  for (const event of events) {
    const before = onHand
    if (event.quantity !== null) {
      moves.push(event)
      if (count === null || event.occurredAt > count.occurredAt) onHand += event.quantity
    } else if (count === null || event.occurredAt >= count.occurredAt) {
      count = event
      onHand = moves.reduce((sum, move) => (move.occurredAt > event.occurredAt ? sum + (move.quantity ?? 0) : sum), event.counted ?? 0)
    }
    if (onHand !== before) updatedAt = Math.max(updatedAt, event.receivedAt)
  }
  return {
    store_id: first.storeId,
    product_id: first.productId,
    on_hand: onHand,
    reorder_point: base?.reorder_point ?? null,
    order_up_to: base?.order_up_to ?? null,
    updated_at: updatedAt,
  }
}
