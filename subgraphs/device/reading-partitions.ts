import { sql } from 'kysely'
import type { Logger } from '../../runtime/log.ts'
import { repeat } from '../shared/repeat.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'

/** A number of our own for Postgres' advisory locks: one replica keeps the partitions at a time. */
export const partitionLock = 7_141_991

/**
 * Makes the partitions of this month and the next, so that no request has to, and drops those whose every reading is older than `before`
 * (epoch milliseconds). Waits for nobody: where a partition is in use, the next time does it.
 * @returns the names of the partitions dropped; none where another replica is at it.
 */
export async function keepReadingPartitions({ db }: PostgresStorage, now: number, before: number): Promise<string[]> {
  return db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ locked: boolean }>`select pg_try_advisory_xact_lock(${partitionLock}) as locked`.execute(transaction)
    if (rows[0]?.locked !== true) return []
    await sql`set local lock_timeout = '2s'`.execute(transaction)
    const month = new Date(now)
    for (const at of [now, Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1)]) await sql`select ensure_reading_partition(${at})`.execute(transaction)
    const old = await sql<{ name: string }>`
      select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'reading'::regclass and c.relname < ${nameOf(before)} order by c.relname`.execute(transaction)
    for (const { name } of old.rows) await sql`drop table ${sql.id(name)}`.execute(transaction)
    return old.rows.map(({ name }) => name)
  })
}

/** As `ensure_reading_partition` names the partition of an instant: names sort as their months do. */
function nameOf(at: number): string {
  return `reading_${new Date(at).toISOString().slice(0, 7).replace('-', '')}`
}

/** How often to look, and how long readings are kept, in milliseconds. */
export interface PartitionOptions {
  readonly everyMs: number
  readonly keepMs: number
  readonly now: () => number
  readonly log: Logger
}

/** Keeps the partitions until it is disposed. */
export function watchReadingPartitions(storage: PostgresStorage, { everyMs, keepMs, now, log }: PartitionOptions): AsyncDisposable {
  const keep = async (): Promise<void> => {
    const dropped = await keepReadingPartitions(storage, now(), now() - keepMs)
    if (dropped.length > 0) log.info({ dropped }, 'readings are out of retention')
  }
  return repeat(keep, everyMs, (error) => log.error({ err: error }, 'the partitions of readings could not be kept'))
}
