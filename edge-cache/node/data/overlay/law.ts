import type { StockRow } from '../../../../subgraphs/storage/database.ts'
import type { StockEvent } from './effects.ts'

/**
 * The level that a store shows while some of its writes are under way: the cloud's law (the last count by time plus the
 * movements that occurred after it) over what the store knows.
 *
 * The replica has levels, not their history, so while a write is pending two things are approximate: a count hides
 * movements of others that the cloud places after it, and a movement still counts although the cloud may hold a later
 * count. Both end with the batch that settles the write.
 *
 * @param base the replica's row; null where the store never had the product
 * @param events pending writes of this level, in order of acceptance
 */
export function shownLevel(base: StockRow | null, events: readonly StockEvent[]): StockRow | null {
  const [first] = events
  if (first === undefined) return base
  let count: StockEvent | null = null
  for (const event of events) {
    if (event.counted !== null && (count === null || event.occurredAt >= count.occurredAt)) count = event
  }
  let onHand = count?.counted ?? base?.on_hand ?? 0
  for (const event of events) {
    if (event.quantity !== null && (count === null || event.occurredAt > count.occurredAt)) onHand += event.quantity
  }
  return {
    store_id: first.storeId,
    product_id: first.productId,
    on_hand: onHand,
    reorder_point: base?.reorder_point ?? null,
    order_up_to: base?.order_up_to ?? null,
    updated_at: events.reduce((latest, event) => Math.max(latest, event.receivedAt), base?.updated_at ?? 0),
  }
}
