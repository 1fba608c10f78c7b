import { sql, type Kysely } from 'kysely'
import type { Database } from '../../storage/database.ts'
import type { PostgresStorage } from '../../storage/postgres/storage.ts'

/** What recommendations were trained on. */
export interface TrainedOn {
  /** Changes with the algorithm and its options. */
  readonly method: string
  /** Sums of hashes: the same rows in any order give the same text. */
  readonly catalogue: string
  readonly sales: string
  readonly saleLines: number
}

const settingKey = 'recommendation.trained_on'
/** Raise it when other rows come out of the same data. */
const methodVersion = 3

export function methodOf(options: { readonly lambda: number; readonly maxProducts: number }): string {
  return JSON.stringify([methodVersion, options.lambda, options.maxProducts])
}

/** The state of what training reads, in one statement. */
export async function currentState(db: Kysely<Database>, method: string): Promise<TrainedOn> {
  const { rows } = await sql<{ catalogue: string; sales: string; lines: string }>`
    select
      (select count(*) || ':' || coalesce(sum(hashtextextended(concat_ws(chr(31), p.id, p.name, p.brand, c.path), 0)::numeric), 0)
       from product p left join category c on c.id = p.category_id) as catalogue,
      (select count(*) || ':' || coalesce(sum(hashtextextended(concat_ws(chr(31), id, store_id, ordered_at), 0)::numeric), 0) from sale)
        || '/' || (select coalesce(sum(hashtextextended(concat_ws(chr(31), sale_id, product_id, sign(quantity)), 0)::numeric), 0) from sale_line) as sales,
      (select count(*) from sale_line) as lines`.execute(db)
  const [row] = rows
  return { method, catalogue: row?.catalogue ?? '', sales: row?.sales ?? '', saleLines: Number(row?.lines ?? 0) }
}

export async function rememberTrained(db: Kysely<Database>, state: TrainedOn): Promise<void> {
  const value = JSON.stringify(state)
  await db.insertInto('setting').values({ key: settingKey, value }).onConflict((conflict) => conflict.column('key').doUpdateSet({ value })).execute()
}

export async function trainedOn({ db }: PostgresStorage): Promise<TrainedOn | null> {
  const row = await db.selectFrom('setting').select('value').where('key', '=', settingKey).executeTakeFirst()
  return row === undefined ? null : (JSON.parse(row.value) as TrainedOn)
}
