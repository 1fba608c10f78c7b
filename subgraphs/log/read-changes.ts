import type pg from 'pg'
import { AisleError } from '../../runtime/errors.ts'
import type { Change } from '../shared/changes.ts'
import type { EntityName } from '../storage/entities.ts'
import type { BatchPart, ChangesPage, LogCursor, LogHead } from './source.ts'

/** Most changes in one page, whatever is asked for. */
export const mostChanges = 10_000

/** What a cursor is held against. */
export interface LogBounds {
  readonly epoch: string
  readonly head: number
  /** The log reaches back to changes after this batch. */
  readonly oldest: number
  /** What marks the cursor's batch, and the one that it is inside of; null where nothing does. */
  readonly cursor_stamp: string | null
  readonly within_stamp: string | null
}

/** A change as a page reads it. */
export interface PageRow {
  /** Newest compacted batch. */
  readonly compacted: number
  readonly scope: string | null
  readonly position: number
  /** Its batch, or for a compacted change the one that it is whole with. */
  readonly shown: number
  readonly batch_at: number
  readonly stamp: string | null
  readonly entity: EntityName
  readonly key: Change['key']
  readonly op: Change['op']
  readonly row: Change['row']
  readonly absorbed: number
}

interface LogRow extends LogBounds, PageRow {
  readonly head_stamp: string | null
  readonly at: number
  readonly now: number
}

/**
 * Reads one page of the log: whole batches, or a part of one that is bigger than `limit`.
 * @throws AisleError EPOCH_MISMATCH, POSITION_AHEAD, LOG_DIVERGED or POSITION_TOO_OLD when the cursor can't be followed.
 */
export async function readChanges(pool: pg.Pool, scopes: readonly string[], after: LogCursor, limit: number): Promise<ChangesPage> {
  const ordered = orderScopes(scopes)
  const begin = await beginnings(pool, ordered, after)
  const most = Math.min(Math.max(1, limit), mostChanges)
  const { rows } = await pool.query<LogRow>(pageStatement, [
    ordered, begin.map(({ batch }) => batch), begin.map(({ position }) => position), most + 1, after.batch, after.within?.batch ?? 0,
  ])
  const [first] = rows
  if (first === undefined) throw new AisleError('DATABASE_UNAVAILABLE', 'The log has no fence row: the database is not migrated.')
  checkCursor(after, first)
  const head: LogHead = { epoch: first.epoch, batch: first.head, ...stamped(first.head_stamp), at: first.at, now: first.now }
  return assemblePage(first.scope === null ? [] : rows, after, head, most)
}

/**
 * One statement, so that head and changes are of one state of the database. What is compacted shows under the number of the newest
 * compacted batch, with which alone it makes a cut.
 */
export const pageStatement = `
  with head as (
    select epoch, batch as head, compacted, n.now, case when exists (select from outbox) then batch_at else n.now end as at,
      coalesce((select min(batch) from log_batch) - 1, batch) as oldest,
      (select stamp from log_batch b where b.batch = log_fence.batch) as head_stamp,
      (select stamp from log_batch b where b.batch = $5) as cursor_stamp,
      (select stamp from log_batch b where b.batch = $6) as within_stamp
    from log_fence cross join (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now) n where id = 1
  )
  select head.*, c.scope, c.position, c.batch, c.shown, c.at as batch_at, c.stamp, c.entity, c.key, c.op, c.row, c.absorbed
  from head left join (
    select p.*, b.at, b.stamp from (
      select w.nth, l.*, greatest(l.batch, f.compacted) as shown from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality as w (scope, batch, position, nth)
      cross join (select compacted from log_fence where id = 1) f
      cross join lateral (
        select * from log where log.scope = w.scope and (log.batch, log.position) > (w.batch, w.position)
        order by log.batch, log.position limit $4
      ) l
      order by greatest(l.batch, f.compacted), w.nth, l.position limit $4
    ) p join log_batch b on b.batch = p.shown
  ) c on true
  order by c.shown, c.nth, c.position
`

/** The order in which a batch that is read in parts goes through the scopes: the same whatever the caller's order. */
export function orderScopes(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/**
 * For each scope the place after which to read: the end of the last batch, or for a cursor inside a batch the part already read.
 * What is inside of compacted batches may find more of them compacted by now: then the scopes that were read go on behind what they had.
 */
async function beginnings(pool: pg.Pool, ordered: readonly string[], after: LogCursor): Promise<{ batch: number; position: number }[]> {
  const { batch, within } = after
  if (within === undefined) return ordered.map(() => ({ batch, position: Number.MAX_SAFE_INTEGER }))
  const { rows } = await pool.query<{ batch: number; position: number }>(
    'select batch, position from log where scope = $1 and position <= $2 order by position desc limit 1', [within.scope, within.position])
  const [inside] = rows
  const at = ordered.indexOf(within.scope)
  const left = within.batch === undefined && (inside?.position !== within.position || inside.batch <= batch)
  if (inside === undefined || left || at < 0) throw new AisleError('POSITION_TOO_OLD', 'The log no longer holds the batch that this position is inside of.')
  const read = within.batch ?? inside.batch
  return ordered.map((_scope, nth) => {
    if (nth === at) return { batch: inside.batch, position: within.position }
    return { batch: nth < at ? read : batch, position: Number.MAX_SAFE_INTEGER }
  })
}

/** @throws AisleError EPOCH_MISMATCH, POSITION_AHEAD, LOG_DIVERGED or POSITION_TOO_OLD when a log of these bounds can't be followed from the cursor. */
export function checkCursor({ epoch, batch, stamp, within }: LogCursor, log: LogBounds): void {
  if (epoch !== log.epoch) throw new AisleError('EPOCH_MISMATCH', undefined, { details: { epoch: log.epoch } })
  if (batch > log.head) throw new AisleError('POSITION_AHEAD', undefined, { details: { head: log.head } })
  if (batch < log.oldest) throw new AisleError('POSITION_TOO_OLD', undefined, { details: { oldest: log.oldest } })
  for (const [claimed, known] of [[stamp, log.cursor_stamp], [within?.stamp, log.within_stamp]]) {
    if (claimed !== undefined && known !== null && claimed !== known) throw new AisleError('LOG_DIVERGED', undefined, { details: { batch } })
  }
}

/** Where a batch has one: those of an older version have none. */
export function stamped(stamp: string | null | undefined): { stamp?: string } {
  return stamp === null || stamp === undefined ? {} : { stamp }
}

/** A page out of what follows the cursor, in order, with one change more than `limit` where there is more. */
export function assemblePage(rows: readonly PageRow[], after: LogCursor, head: LogHead, limit: number): ChangesPage {
  const parts = group(rows.slice(0, limit), after)
  const beyond = rows[limit]
  const last = parts.at(-1)
  const end = ({ number, stamp }: BatchPart) => ({ epoch: head.epoch, batch: number, ...stamped(stamp) })
  if (beyond === undefined || last === undefined) return { parts, next: { epoch: head.epoch, batch: head.batch, ...stamped(head.stamp) }, head }
  if (last.number !== beyond.shown) return { parts, next: end(last), head }
  // The last batch goes on beyond the page: whole batches alone where there are any, else the part.
  const whole = parts.slice(0, -1)
  const lastWhole = whole.at(-1)
  if (lastWhole !== undefined) return { parts: whole, next: end(lastWhole), head }
  const change = last.changes.at(-1)
  const within = change === undefined ? {} : { within: { scope: change.scope, position: change.position, batch: last.number, ...stamped(last.stamp) } }
  return { parts: [{ ...last, complete: false }], next: { epoch: head.epoch, batch: after.batch, ...stamped(after.stamp), ...within }, head }
}

function group(rows: readonly PageRow[], after: LogCursor): BatchPart[] {
  const parts: (BatchPart & { changes: Change[]; after?: number })[] = []
  for (const { scope, position, shown, compacted, batch_at, stamp, entity, key, op, row, absorbed } of rows) {
    let part = parts.at(-1)
    if (part?.number !== shown) {
      part = { number: shown, at: batch_at, changes: [], complete: true, ...stamped(stamp) }
      parts.push(part)
    }
    if (shown === compacted) part.after = after.batch
    part.changes.push({ scope: scope ?? '', position, entity, key, op, row, ...(absorbed > 0 ? { absorbed } : {}) })
  }
  return parts
}
