import type pg from 'pg'
import { AisleError } from '../../runtime/errors.ts'
import type { Change } from '../shared/changes.ts'
import type { EntityName } from '../storage/entities.ts'
import type { BatchPart, ChangesPage, LogCursor, LogHead } from './source.ts'

/** Most changes in one page, whatever is asked for. */
export const mostChanges = 10_000

interface LogRow {
  readonly epoch: string
  readonly head: number
  readonly at: number
  readonly now: number
  /** The log reaches back to changes after this batch. */
  readonly oldest: number
  readonly scope: string | null
  readonly position: number
  readonly batch: number
  readonly batch_at: number
  readonly entity: EntityName
  readonly key: Change['key']
  readonly op: Change['op']
  readonly row: Change['row']
}

/**
 * Reads one page of the log: whole batches, or a part of one that is bigger than `limit`.
 * @throws AisleError EPOCH_MISMATCH, POSITION_AHEAD or POSITION_TOO_OLD when the cursor can't be followed.
 */
export async function readChanges(pool: pg.Pool, scopes: readonly string[], after: LogCursor, limit: number): Promise<ChangesPage> {
  const ordered = orderScopes(scopes)
  const begin = await beginnings(pool, ordered, after)
  const most = Math.min(Math.max(1, limit), mostChanges)
  const { rows } = await pool.query<LogRow>(pageStatement, [ordered, begin.map(({ batch }) => batch), begin.map(({ position }) => position), most + 1])
  const [first] = rows
  if (first === undefined) throw new AisleError('DATABASE_UNAVAILABLE', 'The log has no fence row: the database is not migrated.')
  checkCursor(after, first)
  const head: LogHead = { epoch: first.epoch, batch: first.head, at: first.at, now: first.now }
  return assemble(first.scope === null ? [] : rows, after, head, most)
}

/** One statement, so that head and changes are of one state of the database. */
export const pageStatement = `
  with head as (
    select epoch, batch as head, n.now, case when exists (select from outbox) then batch_at else n.now end as at,
      coalesce((select min(batch) from log_batch) - 1, batch) as oldest
    from log_fence cross join (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now) n where id = 1
  )
  select head.*, c.scope, c.position, c.batch, c.at as batch_at, c.entity, c.key, c.op, c.row
  from head left join (
    select p.*, b.at from (
      select w.nth, l.* from unnest($1::text[], $2::bigint[], $3::bigint[]) with ordinality as w (scope, batch, position, nth)
      cross join lateral (
        select * from log where log.scope = w.scope and (log.batch, log.position) > (w.batch, w.position)
        order by log.batch, log.position limit $4
      ) l
      order by l.batch, w.nth, l.position limit $4
    ) p join log_batch b on b.batch = p.batch
  ) c on true
  order by c.batch, c.nth, c.position
`

/** The order in which a batch that is read in parts goes through the scopes: the same whatever the caller's order. */
export function orderScopes(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** For each scope the place after which to read: the end of the last batch, or for a cursor inside a batch the part already read. */
async function beginnings(pool: pg.Pool, ordered: readonly string[], after: LogCursor): Promise<{ batch: number; position: number }[]> {
  const { batch, within } = after
  if (within === undefined) return ordered.map(() => ({ batch, position: Number.MAX_SAFE_INTEGER }))
  const { rows } = await pool.query<{ batch: number }>('select batch from log where scope = $1 and position = $2', [within.scope, within.position])
  const [inside] = rows
  const at = ordered.indexOf(within.scope)
  if (inside === undefined || inside.batch <= batch || at < 0) throw new AisleError('POSITION_TOO_OLD', 'The log no longer holds the batch that this position is inside of.')
  return ordered.map((_scope, nth) => ({
    batch: inside.batch,
    position: nth < at ? Number.MAX_SAFE_INTEGER : nth === at ? within.position : -1,
  }))
}

function checkCursor(after: LogCursor, log: Pick<LogRow, 'epoch' | 'head' | 'oldest'>): void {
  if (after.epoch !== log.epoch) throw new AisleError('EPOCH_MISMATCH', undefined, { details: { epoch: log.epoch } })
  if (after.batch > log.head) throw new AisleError('POSITION_AHEAD', undefined, { details: { head: log.head } })
  if (after.batch < log.oldest) throw new AisleError('POSITION_TOO_OLD', undefined, { details: { oldest: log.oldest } })
}

function assemble(rows: readonly LogRow[], after: LogCursor, head: LogHead, limit: number): ChangesPage {
  const parts = group(rows.slice(0, limit))
  const beyond = rows[limit]
  const last = parts.at(-1)
  if (beyond === undefined || last === undefined) return { parts, next: { epoch: head.epoch, batch: head.batch }, head }
  if (last.number !== beyond.batch) return { parts, next: { epoch: head.epoch, batch: last.number }, head }
  // The last batch goes on beyond the page: whole batches alone where there are any, else the part.
  const whole = parts.slice(0, -1)
  const lastWhole = whole.at(-1)
  if (lastWhole !== undefined) return { parts: whole, next: { epoch: head.epoch, batch: lastWhole.number }, head }
  const end = last.changes.at(-1)
  const within = end === undefined ? {} : { within: { scope: end.scope, position: end.position } }
  return { parts: [{ ...last, complete: false }], next: { epoch: head.epoch, batch: after.batch, ...within }, head }
}

function group(rows: readonly LogRow[]): BatchPart[] {
  const parts: (BatchPart & { changes: Change[] })[] = []
  for (const { scope, position, batch, batch_at, entity, key, op, row } of rows) {
    let part = parts.at(-1)
    if (part?.number !== batch) {
      part = { number: batch, at: batch_at, changes: [], complete: true }
      parts.push(part)
    }
    part.changes.push({ scope: scope ?? '', position, entity, key, op, row })
  }
  return parts
}
