import { sql } from 'kysely'
import type { Logger } from '../../runtime/log.ts'
import { repeat } from '../shared/repeat.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'

/** A number of our own for Postgres' advisory locks: one replica sweeps at a time. */
export const sweepLock = 7_141_990

/**
 * Marks devices OFFLINE that were last heard of before `before` (epoch milliseconds).
 * @returns how many; 0 also where another replica is sweeping.
 */
export async function markSilentDevices({ db }: PostgresStorage, before: number): Promise<number> {
  return db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ locked: boolean }>`select pg_try_advisory_xact_lock(${sweepLock}) as locked`.execute(transaction)
    if (rows[0]?.locked !== true) return 0
    const { numUpdatedRows } = await transaction
      .updateTable('device')
      .set({ status: 'OFFLINE' })
      .where('status', '=', 'ONLINE')
      .where((eb) => eb.or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<', before)]))
      .executeTakeFirst()
    return Number(numUpdatedRows)
  })
}

/** How often to sweep, and when a device counts as silent, in milliseconds. */
export interface SilenceOptions {
  readonly everyMs: number
  readonly silentAfterMs: number
  readonly now: () => number
  readonly log: Logger
}

/** Sweeps now and then until it is disposed. A sweep that fails is logged; the next one tries again. */
export function watchSilence(storage: PostgresStorage, { everyMs, silentAfterMs, now, log }: SilenceOptions): AsyncDisposable {
  const sweep = async (): Promise<void> => {
    const marked = await markSilentDevices(storage, now() - silentAfterMs)
    if (marked > 0) log.info({ marked }, 'devices fell silent')
  }
  return repeat(sweep, everyMs, (error) => log.error({ err: error }, 'silent devices could not be marked'))
}
