import type pg from 'pg'

/** Rows that one transaction drops at most, so that none holds locks for long. */
const slice = 10_000

/** Drops what was recorded before an instant (epoch milliseconds). @returns how many rows. */
export async function pruneAudit(pool: pg.Pool, before: number, signal?: AbortSignal): Promise<number> {
  let dropped = 0
  for (;;) {
    const count = await pruneSlice(pool, before)
    dropped += count
    if (count < slice || signal?.aborted === true) return dropped
  }
}

async function pruneSlice(pool: pg.Pool, before: number): Promise<number> {
  const client = await pool.connect()
  try {
    await client.query("begin; set local aisle.audit_upkeep = 'on'")
    const { rowCount } = await client.query('delete from audit_log where id = any(array(select id from audit_log where at < $1 order by at limit $2))', [before, slice])
    await client.query('commit')
    return rowCount ?? 0
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}
