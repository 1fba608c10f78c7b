import { sql, type Transaction } from 'kysely'
import type { Database } from '../../storage/database.ts'

/** Rows that derive from sales, ready to be kept: JSON as the tables hold it. */
export interface DerivedRows {
  readonly neighbours: readonly { readonly productId: string; readonly similarTo: string; readonly boughtWith: string }[]
  readonly trending: readonly { readonly storeId: string; readonly items: string }[]
}

const rowsAtOnce = 500

/**
 * Makes the tables hold these rows and no others. Only rows that differ are touched: whatever is written goes through the log to every store.
 * @returns the number of rows that changed, came or went.
 */
export async function writeDerived(transaction: Transaction<Database>, { neighbours, trending }: DerivedRows): Promise<number> {
  let changed = 0
  for (let at = 0; at < neighbours.length; at += rowsAtOnce) {
    const rows = neighbours.slice(at, at + rowsAtOnce)
    changed += await count(transaction, sql`
      insert into neighbours (product_id, similar_to, bought_with)
      select * from unnest(${rows.map((row) => row.productId)}::text[], ${rows.map((row) => row.similarTo)}::text[], ${rows.map((row) => row.boughtWith)}::text[])
      on conflict (product_id) do update set similar_to = excluded.similar_to, bought_with = excluded.bought_with
      where (neighbours.similar_to, neighbours.bought_with) is distinct from (excluded.similar_to, excluded.bought_with)`)
  }
  changed += await count(transaction, sql`delete from neighbours where product_id <> all(${neighbours.map((row) => row.productId)}::text[])`)
  changed += await count(transaction, sql`
    insert into trending (store_id, items)
    select * from unnest(${trending.map((row) => row.storeId)}::text[], ${trending.map((row) => row.items)}::text[])
    on conflict (store_id) do update set items = excluded.items where trending.items <> excluded.items`)
  changed += await count(transaction, sql`delete from trending where store_id <> all(${trending.map((row) => row.storeId)}::text[])`)
  return changed
}

async function count(transaction: Transaction<Database>, statement: ReturnType<typeof sql>): Promise<number> {
  const { numAffectedRows } = await statement.execute(transaction)
  return Number(numAffectedRows ?? 0n)
}
