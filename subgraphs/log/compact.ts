import type pg from 'pg'

/**
 * Drops changes that a later change of the same row supersedes, among the batches up to `upTo`. What is left there is given only together,
 * as one batch with that number, so for every cursor: reduce(log) = reduce(compact(log)). Each change says how many positions right
 * before it were dropped, so that followers can still prove that they missed nothing. One process at a time.
 * @returns how many changes were dropped.
 */
export async function compactLog(pool: pg.Pool, upTo: number, signal?: AbortSignal): Promise<number> {
  const { rowCount } = await pool.query('update log_fence set compacted = $1 where id = 1 and compacted < $1 and exists (select from log_batch where batch = $1)', [upTo])
  if (rowCount === 0) return 0
  const { rows: scopes } = await pool.query<{ scope: string }>('select scope from log_scope order by scope')
  let dropped = 0
  for (const { scope } of scopes) {
    if (signal?.aborted === true) break
    const { rows } = await pool.query<{ dropped: number }>(compactStatement, [scope, upTo])
    dropped += rows[0]?.dropped ?? 0
  }
  return dropped
}

/**
 * Of a scope ($1), what a later change of the same row supersedes among the batches up to $2, and the next change that stays behind each: its heir.
 * Any SQL with window functions runs it over the columns named here.
 */
export const heirsClause = `
  zone as (
    select position, absorbed, position < max(position) over (partition by entity, key) as superseded from log where scope = $1 and batch <= $2
  ), heirs as (
    select position, absorbed, superseded,
      min(case when not superseded then position end) over (order by position rows between current row and unbounded following) as heir
    from zone
  )
`

/** The newest change of each row stays, and inherits the positions of those dropped right before it. */
const compactStatement = `
  with ${heirsClause}, gone as (
    delete from log using heirs h where log.scope = $1 and log.position = h.position and h.superseded returning h.heir, h.absorbed
  ), inherited as (
    select heir, sum(1 + absorbed)::bigint as more, count(*) as changes from gone group by heir
  ), kept as (
    update log set absorbed = log.absorbed + i.more from inherited i where log.scope = $1 and log.position = i.heir returning i.changes
  )
  select coalesce(sum(changes), 0)::bigint as dropped from kept
`
