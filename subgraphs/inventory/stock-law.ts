import type { Transaction } from 'kysely'
import { accepted, refusedBy, type Outcome } from '../shared/commands.ts'
import type { Database, StockRow } from '../storage/database.ts'
import type { StockErrorCode } from './commands.ts'
import { checkLevel } from './rules.ts'

/*
 * The law of stock. For one product in one store, with c the latest count by its time (of several at the same instant,
 * the one recorded last):
 *
 *   on_hand = counted(c) + Σ quantity of the movements that occurred after c
 *
 * and without any count: the level it began with + Σ quantity of all movements. A movement at the very instant of a count
 * is in the count. So the level does not depend on the order in which movements and counts arrive: a movement that arrives
 * late but occurred before the latest count changes nothing (the counter saw its effect), a count that arrives late but is
 * not the latest changes nothing either. Both stay in the history.
 */

/** A product in a store. */
export interface StockKey {
  readonly storeId: string
  readonly productId: string
}

/** The level after a movement of `quantity` at `occurredAt`, from what is on hand before it. */
export async function afterMovement(transaction: Transaction<Database>, key: StockKey, quantity: number, occurredAt: number, onHand: number): Promise<number> {
  const laterCount = await historyOf(transaction, key).select('id').where('kind', '=', 'COUNT').where('occurred_at', '>=', occurredAt).limit(1).executeTakeFirst()
  return laterCount === undefined ? onHand + quantity : onHand
}

/** The level after `counted` were seen at `countedAt`, from what is on hand before that is recorded. */
export async function afterCount(transaction: Transaction<Database>, key: StockKey, counted: number, countedAt: number, onHand: number): Promise<number> {
  const later = await historyOf(transaction, key)
    .select((eb) => [eb.fn.sum('quantity').as('moved'), eb.fn.max('counted').as('counted')])
    .where('occurred_at', '>', countedAt)
    .executeTakeFirstOrThrow()
  return later.counted === null ? counted + Number(later.moved ?? 0) : onHand
}

function historyOf(transaction: Transaction<Database>, { storeId, productId }: StockKey) {
  return transaction.selectFrom('movement').where('store_id', '=', storeId).where('product_id', '=', productId)
}

/**
 * Moves a level under its row's lock, so that `next` reads a history to which no one else adds. The row is made, at its
 * first level, where the store never had the product, and left alone where the level stays.
 * @param field the input field to blame for a level that does not fit.
 */
export async function settle(
  transaction: Transaction<Database>,
  key: StockKey,
  now: number,
  field: 'quantity' | 'counted',
  next: (onHand: number) => Promise<number>,
): Promise<Outcome<StockRow, StockErrorCode>> {
  for (;;) {
    const row = await lock(transaction, key)
    const onHand = await next(row?.on_hand ?? 0)
    const refusal = checkLevel(onHand, field)
    if (refusal !== null) return refusedBy(refusal)
    if (row !== null) return accepted(row.on_hand === onHand ? row : await update(transaction, { ...row, on_hand: onHand, updated_at: Math.max(row.updated_at, now) }))
    // Two may be first at once: the second finds the other's row, and starts again under its lock.
    const first = await insert(transaction, { store_id: key.storeId, product_id: key.productId, on_hand: onHand, reorder_point: null, order_up_to: null, updated_at: now })
    if (first !== undefined) return accepted(first)
  }
}

async function lock(transaction: Transaction<Database>, { storeId, productId }: StockKey): Promise<StockRow | null> {
  const row = await transaction.selectFrom('stock').selectAll().where('store_id', '=', storeId).where('product_id', '=', productId).forUpdate().executeTakeFirst()
  return row ?? null
}

function insert(transaction: Transaction<Database>, row: StockRow): Promise<StockRow | undefined> {
  return transaction
    .insertInto('stock')
    .values(row)
    .onConflict((conflict) => conflict.columns(['store_id', 'product_id']).doNothing())
    .returningAll()
    .executeTakeFirst()
}

function update(transaction: Transaction<Database>, { store_id, product_id, on_hand, updated_at }: StockRow): Promise<StockRow> {
  return transaction
    .updateTable('stock')
    .set({ on_hand, updated_at })
    .where('store_id', '=', store_id)
    .where('product_id', '=', product_id)
    .returningAll()
    .executeTakeFirstOrThrow()
}
