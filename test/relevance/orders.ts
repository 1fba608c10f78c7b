import { sql } from 'kysely'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'

/** One order: what was bought, each product once, in order of id. */
export interface Order {
  readonly id: string
  readonly customerId: string | null
  /** Epoch milliseconds. */
  readonly at: number
  readonly productIds: readonly string[]
}

/** Orders on both sides of a moment, oldest first: what may be learned from, and what is asked for. */
export interface SplitOrders {
  /** Epoch milliseconds. */
  readonly from: number
  readonly earlier: readonly Order[]
  readonly later: readonly Order[]
}

/**
 * Takes the orders from a moment on out of the database: whatever is trained and served from then on knows only what was sold before.
 * @param holdoutFrom epoch milliseconds; null stands for the beginning of the last calendar month (UTC) in which anything was ordered.
 * @returns null where there are no orders, or none on one of the sides.
 */
export async function holdOutOrders({ db }: PostgresStorage, holdoutFrom: number | null): Promise<SplitOrders | null> {
  const { rows } = await sql<{ id: string; customer_id: string | null; ordered_at: number; products: string[] }>`
    select s.id, s.customer_id, s.ordered_at, array_agg(distinct l.product_id) as products
    from sale s join sale_line l on l.sale_id = s.id join product p on p.id = l.product_id
    where l.quantity > 0 group by s.id order by s.ordered_at, s.id`.execute(db)
  const orders = rows.map(({ id, customer_id, ordered_at, products }): Order => ({ id, customerId: customer_id, at: ordered_at, productIds: products }))
  const newest = orders.at(-1)
  if (newest === undefined) return null
  const from = holdoutFrom ?? monthOf(newest.at)
  const earlier = orders.filter(({ at }) => at < from)
  const later = orders.filter(({ at }) => at >= from)
  if (earlier.length === 0 || later.length === 0) return null
  await db.deleteFrom('sale_line').where('sale_id', 'in', db.selectFrom('sale').select('id').where('ordered_at', '>=', from)).execute()
  await db.deleteFrom('sale').where('ordered_at', '>=', from).execute()
  return { from, earlier, later }
}

function monthOf(at: number): number {
  const date = new Date(at)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
}
