import type pg from 'pg'

/** Rows that one statement drops at most, so that none holds locks for long. */
const slice = 10_000

/**
 * Drops batches up to `upTo`, oldest first. A reader is refused (POSITION_TOO_OLD) before anything that it would need is gone.
 * The newest batch always stays. @returns how many changes were dropped.
 */
export async function pruneLog(pool: pg.Pool, upTo: number, signal?: AbortSignal): Promise<number> {
  const within = 'select batch from log_batch where batch <= $1 and batch < (select batch from log_fence where id = 1) order by batch limit $2'
  await inSlices(pool, `delete from log_batch where batch in (${within})`, [upTo], signal)
  // Also what an earlier run, broken off here, has left.
  return inSlices(pool, 'delete from log where (scope, position) in (select scope, position from log where batch < (select min(batch) from log_batch) order by batch limit $1)', [], signal)
}

/** Drops the outcomes of writes recorded before an instant (epoch milliseconds): their ids are free again. */
export async function pruneOutcomes(pool: pg.Pool, before: number, signal?: AbortSignal): Promise<number> {
  let dropped = 0
  for (const table of ['operation', 'edge_operation']) {
    dropped += await inSlices(pool, `delete from ${table} where ctid = any(array(select ctid from ${table} where recorded_at < $1 limit $2))`, [before], signal)
  }
  return dropped
}

/** The newest batch moved before an instant (epoch milliseconds), or 0. */
export async function batchBefore(pool: pg.Pool, instant: number): Promise<number> {
  return one(pool, 'select coalesce(max(batch), 0) as batch from log_batch where at < $1', [instant])
}

/** The newest batch behind which there are at least `changes` changes, or 0. */
export async function batchBehind(pool: pg.Pool, changes: number): Promise<number> {
  return one(
    pool,
    'select coalesce(max(batch), 0) as batch from (select batch, sum(coalesce(changes, 0) + 1) over (order by batch desc) - coalesce(changes, 0) - 1 as behind from log_batch) b where behind >= $1',
    [changes],
  )
}

async function one(pool: pg.Pool, text: string, values: unknown[]): Promise<number> {
  const { rows } = await pool.query<{ batch: number }>(text, values)
  return rows[0]?.batch ?? 0
}

async function inSlices(pool: pg.Pool, text: string, values: readonly unknown[], signal?: AbortSignal): Promise<number> {
  let dropped = 0
  for (;;) {
    const { rowCount } = await pool.query(text, [...values, slice])
    dropped += rowCount ?? 0
    if ((rowCount ?? 0) < slice || signal?.aborted === true) return dropped
  }
}
