import type pg from 'pg'
import { AisleError } from '../../runtime/errors.ts'
import type { Change } from '../shared/changes.ts'
import type { EntityName } from '../storage/entities.ts'
import type { BatchPart, ChangesPage, LogCursor, LogHead } from './source.ts'

/** Most changes in one page, whatever is asked for. */
export const mostChanges = 10_000

/** What one follower asks of the log. */
export interface PageQuestion {
  readonly scopes: readonly string[]
  readonly after: LogCursor
  /** Most changes in its page. */
  readonly limit: number
}

/** What a cursor is held against. */
export interface LogBounds {
  readonly epoch: string
  readonly head: number
  /** The log reaches back to changes after this batch; what marked it is gone with it. */
  readonly oldest: number
  /** What marks the batches of the cursors that the log still has, by their numbers: null for one of an older version, which nothing marks. */
  readonly stamps: Readonly<Record<string, string | null>> | null
}

/** Where the log stands. */
interface LogPlace extends LogBounds {
  readonly stamp: string | null
  readonly at: number
  readonly now: number
  /** Newest compacted batch. */
  readonly compacted: number
}

/** A change as a page reads it. */
export interface PageRow {
  readonly scope: string
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

interface LogRow extends PageRow {
  readonly ask: number
  /** In the first row alone. */
  readonly place: LogPlace | null
}

/** Where the reading of a scope begins: behind a change of a batch, or behind the whole batch. */
interface Beginning {
  readonly scope: string
  readonly batch: number
  readonly position: number
}

/**
 * Reads one page of the log: whole batches, or a part of one that is bigger than `limit`.
 * @throws AisleError EPOCH_MISMATCH, POSITION_AHEAD, LOG_DIVERGED or POSITION_TOO_OLD when the cursor can't be followed.
 */
export async function readChanges(pool: pg.Pool, scopes: readonly string[], after: LogCursor, limit: number): Promise<ChangesPage> {
  const [page] = await readPages(pool, [{ scopes, after, limit }])
  if (page === undefined) throw new Error('There is a page for each question.')
  return page()
}

/**
 * The same for several followers by one statement, in which what they ask for in common is read once. Each page is made by the function in its place,
 * which raises what the follower is refused with.
 */
export async function readPages(pool: pg.Pool, questions: readonly PageQuestion[]): Promise<(() => ChangesPage)[]> {
  const begun = await Promise.allSettled(questions.map(({ scopes, after }) => beginnings(pool, orderScopes(scopes), after)))
  const asks = new Map<string, Beginning & { nth: number; most: number }>()
  const named = ({ scope, batch, position }: Beginning): string => `${batch} ${position} ${scope}`
  for (const [nth, { limit }] of questions.entries()) {
    const places = begun[nth]
    if (places?.status !== 'fulfilled') continue
    for (const place of places.value) {
      const known = asks.get(named(place))
      if (known === undefined) asks.set(named(place), { ...place, nth: asks.size + 1, most: mostOf(limit) + 1 })
      else known.most = Math.max(known.most, mostOf(limit) + 1)
    }
  }
  const all = [...asks.values()]
  const batches = questions.flatMap(({ after: { batch, within } }) => [batch, within?.batch ?? 0])
  const { rows } = await pool.query<LogRow>(pagesStatement, [all.map(({ scope }) => scope), all.map(({ batch }) => batch), all.map(({ position }) => position), all.map(({ most }) => most), batches])
  const place = rows.find((row) => row.place !== null)?.place ?? null
  const byAsk = Map.groupBy(rows, ({ ask }) => ask)
  return questions.map(({ after, limit }, nth) => () => {
    if (place === null) throw new AisleError('DATABASE_UNAVAILABLE', 'The log has no fence row: the database is not migrated.')
    const places = begun[nth]
    if (places?.status !== 'fulfilled') throw places?.reason
    checkCursor(after, place)
    const found = places.value.flatMap((beginning, order) => (byAsk.get(asks.get(named(beginning))?.nth ?? 0) ?? []).map((row) => ({ row, order })))
    found.sort((a, b) => a.row.shown - b.row.shown || a.order - b.order || a.row.position - b.row.position)
    const head: LogHead = { epoch: place.epoch, batch: place.head, ...stamped(place.stamp), at: place.at, now: place.now }
    return assemblePage(found.map(({ row }) => row), after, head, place.compacted, mostOf(limit))
  })
}

function mostOf(limit: number): number {
  return Math.min(Math.max(1, limit), mostChanges)
}

/**
 * One statement, so that head and changes are of one state of the database. What is compacted shows under the number of the newest
 * compacted batch, with which alone it makes a cut.
 */
export const pagesStatement = `
  with fence as materialized (select * from log_fence where id = 1),
  found as materialized (
    select w.ask, l.*, greatest(l.batch, fence.compacted) as shown
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) with ordinality as w (scope, batch, position, most, ask)
    cross join fence
    cross join lateral (
      select * from log where log.scope = w.scope and (log.batch, log.position) > (w.batch, w.position)
      order by log.batch, log.position limit w.most
    ) l
  )
  select 0 as ask, jsonb_build_object(
    'epoch', epoch, 'head', fence.batch, 'compacted', compacted, 'now', n.now, 'at', case when exists (select from outbox) then batch_at else n.now end,
    'oldest', coalesce((select min(batch) from log_batch) - 1, fence.batch),
    'stamp', (select stamp from log_batch b where b.batch = fence.batch),
    'stamps', (select jsonb_object_agg(b.batch, b.stamp) from log_batch b where b.batch = any($5::bigint[]))
  ) as place, null as scope, null as position, null as batch, null as shown, null as batch_at, null as stamp, null as entity, null as key, null as op, null as row, null as absorbed
  from fence cross join (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now) n
  union all
  select p.ask, null, p.scope, p.position, p.batch, p.shown, b.at, b.stamp, p.entity, p.key, p.op, p.row, p.absorbed
  from found p join log_batch b on b.batch = p.shown
`

/** The order in which a batch that is read in parts goes through the scopes: the same whatever the caller's order. */
export function orderScopes(scopes: readonly string[]): string[] {
  return [...new Set(scopes)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/**
 * For each scope the place after which to read: the end of the last batch, or for a cursor inside a batch the part already read.
 * What is inside of compacted batches may find more of them compacted by now: then the scopes that were read go on behind what they had.
 */
async function beginnings(pool: pg.Pool, ordered: readonly string[], after: LogCursor): Promise<Beginning[]> {
  const { batch, within } = after
  if (within === undefined) return ordered.map((scope) => ({ scope, batch, position: Number.MAX_SAFE_INTEGER }))
  const { rows } = await pool.query<{ batch: number; position: number }>(
    'select batch, position from log where scope = $1 and position <= $2 order by position desc limit 1', [within.scope, within.position])
  const [inside] = rows
  const at = ordered.indexOf(within.scope)
  const left = within.batch === undefined && (inside?.position !== within.position || inside.batch <= batch)
  if (inside === undefined || left || at < 0) throw new AisleError('POSITION_TOO_OLD', 'The log no longer holds the batch that this position is inside of.')
  const read = within.batch ?? inside.batch
  return ordered.map((scope, nth) => {
    if (nth === at) return { scope, batch: inside.batch, position: within.position }
    return { scope, batch: nth < at ? read : batch, position: Number.MAX_SAFE_INTEGER }
  })
}

/** @throws AisleError EPOCH_MISMATCH, POSITION_AHEAD, LOG_DIVERGED or POSITION_TOO_OLD when a log of these bounds can't be followed from the cursor. */
export function checkCursor({ epoch, batch, stamp, within }: LogCursor, log: LogBounds): void {
  if (epoch !== log.epoch) throw new AisleError('EPOCH_MISMATCH', undefined, { details: { epoch: log.epoch } })
  if (batch > log.head || (within?.batch ?? 0) > log.head) throw new AisleError('POSITION_AHEAD', undefined, { details: { head: log.head } })
  const tooOld = (): AisleError => new AisleError('POSITION_TOO_OLD', undefined, { details: { oldest: log.oldest } })
  if (batch < log.oldest) throw tooOld()
  for (const [claimed, place] of [[stamp, batch], [within?.stamp, within?.batch]] as const) {
    if (claimed === undefined || place === undefined) continue
    const known = log.stamps?.[place]
    // Its stamp went with the batch: nobody can tell any more whether the log went on otherwise from there.
    if (known === undefined) throw tooOld()
    if (known !== null && claimed !== known) throw new AisleError('LOG_DIVERGED', undefined, { details: { batch } })
  }
}

/** Where a batch has one: those of an older version have none. */
export function stamped(stamp: string | null | undefined): { stamp?: string } {
  return stamp === null || stamp === undefined ? {} : { stamp }
}

/**
 * A page out of what follows the cursor, in order, with one change more than `limit` where there is more.
 * @param compacted the newest compacted batch
 */
export function assemblePage(rows: readonly PageRow[], after: LogCursor, head: LogHead, compacted: number, limit: number): ChangesPage {
  const parts = group(rows.slice(0, limit), after, compacted)
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

function group(rows: readonly PageRow[], after: LogCursor, compacted: number): BatchPart[] {
  const parts: (BatchPart & { changes: Change[]; after?: number })[] = []
  for (const { scope, position, shown, batch_at, stamp, entity, key, op, row, absorbed } of rows) {
    let part = parts.at(-1)
    if (part?.number !== shown) {
      part = { number: shown, at: batch_at, changes: [], complete: true, ...stamped(stamp) }
      parts.push(part)
    }
    if (shown === compacted) part.after = after.batch
    part.changes.push({ scope, position, entity, key, op, row, ...(absorbed > 0 ? { absorbed } : {}) })
  }
  return parts
}
