import type { Change } from '../shared/changes.ts'
import type { EntityName } from '../storage/entities.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { orderScopes, stamped } from './read-changes.ts'
import type { BatchPart, ChangesPage, LogCursor, LogHead } from './source.ts'

/** Most changes that are kept in memory; older ones are read from the database. */
const mostKept = 50_000
/** A read that finds more than this begins anew behind it: who needs those reads them in pages. */
const mostRead = 10_000

interface KeptBatch {
  readonly number: number
  readonly at: number
  readonly stamp: string | null
  readonly scopes: Map<string, Change[]>
}

interface TailRow {
  readonly epoch: string
  readonly head: number
  readonly head_stamp: string | null
  readonly base_stamp: string | null
  readonly at: number
  readonly now: number
  readonly scope: string | null
  readonly position: number
  readonly batch: number
  readonly batch_at: number
  readonly stamp: string | null
  readonly entity: EntityName
  readonly key: Change['key']
  readonly op: Change['op']
  readonly row: Change['row']
}

/**
 * The newest batches in memory, read once for everybody who follows them: what thousands of followers ask for is nearly
 * always the batch that has just come.
 */
export class LogTail {
  readonly #storage: PostgresStorage
  readonly #batches = new Map<number, KeptBatch>()
  #head: (LogHead & { readonly askedAt: number; readonly heardAt: number }) | null = null
  /** Batches after this one are all here. */
  #from = 0
  #fromStamp: string | null = null
  #kept = 0
  #reading: Promise<void> | null = null

  constructor(storage: PostgresStorage) {
    this.#storage = storage
  }

  /** A state of the log that is at most `ms` milliseconds old. */
  async fresh(ms: number): Promise<void> {
    const begun = performance.now()
    while (this.#head === null || this.#head.askedAt < begun - ms) await this.#read()
  }

  /** A state of the log that has this batch. */
  async reach(batch: number): Promise<void> {
    const begun = performance.now()
    while (this.#head === null || (this.#head.batch < batch && this.#head.askedAt < begun)) await this.#read()
  }

  /** The page after a cursor; null for one that only the database can tell of, or refuse. */
  page(scopes: readonly string[], { epoch, batch, stamp, within }: LogCursor, limit: number): ChangesPage | null {
    const kept = this.#head
    if (kept === null || within !== undefined || epoch !== kept.epoch || batch < this.#from || batch > kept.batch) return null
    const known = batch === kept.batch ? kept.stamp : batch === this.#from ? this.#fromStamp : this.#batches.get(batch)?.stamp
    if (stamp !== undefined && stamp !== known) return null
    const { askedAt: _askedAt, heardAt, ...rest } = kept
    const head: LogHead = { ...rest, now: Math.floor(rest.now + performance.now() - heardAt) }
    const ordered = orderScopes(scopes)
    const parts: BatchPart[] = []
    let left = limit
    for (let number = batch + 1; number <= head.batch; number += 1) {
      const found = this.#batches.get(number)
      if (found === undefined) return null
      const changes = ordered.flatMap((scope) => found.scopes.get(scope) ?? [])
      if (changes.length === 0) continue
      left -= changes.length
      if (left < 0) {
        const last = parts.at(-1)
        return last === undefined ? null : { parts, next: { epoch, batch: last.number, ...stamped(last.stamp) }, head }
      }
      parts.push({ number, at: found.at, changes, complete: true, ...stamped(found.stamp) })
    }
    return { parts, next: { epoch, batch: head.batch, ...stamped(head.stamp) }, head }
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #readOnce(): Promise<void> {
    const askedAt = performance.now()
    const known = this.#head
    const { rows } = await this.#storage.pool.query<TailRow>(tailStatement, [known?.batch ?? Number.MAX_SAFE_INTEGER, mostRead + 1])
    const [first] = rows
    if (first === undefined) return
    const { epoch, head, head_stamp, base_stamp, at, now } = first
    // Another log under the same numbers, or too much at once: from here on.
    const follows = known !== null && known.epoch === epoch && known.batch <= head && (known.stamp ?? null) === base_stamp && rows.length <= mostRead
    if (!follows) this.#forget(head, head_stamp)
    else if (first.scope !== null) this.#keep(rows)
    this.#head = { epoch, batch: head, ...stamped(head_stamp), at, now, askedAt, heardAt: performance.now() }
  }

  #keep(rows: readonly TailRow[]): void {
    for (const { scope, position, batch, batch_at, stamp, entity, key, op, row } of rows) {
      let kept = this.#batches.get(batch)
      if (kept === undefined) {
        kept = { number: batch, at: batch_at, stamp, scopes: new Map() }
        this.#batches.set(batch, kept)
      }
      const change = { scope: scope ?? '', position, entity, key, op, row }
      const changes = kept.scopes.get(change.scope)
      if (changes === undefined) kept.scopes.set(change.scope, [change])
      else changes.push(change)
    }
    this.#kept += rows.length
    for (const [number, { scopes, stamp }] of this.#batches) {
      if (this.#kept <= mostKept) break
      for (const changes of scopes.values()) this.#kept -= changes.length
      this.#batches.delete(number)
      this.#from = number
      this.#fromStamp = stamp
    }
  }

  #forget(head: number, stamp: string | null): void {
    this.#batches.clear()
    this.#kept = 0
    this.#from = head
    this.#fromStamp = stamp
  }
}

/** One statement, so that head and changes are of one state of the database. */
const tailStatement = `
  with head as (
    select epoch, batch as head, n.now, case when exists (select from outbox) then batch_at else n.now end as at,
      (select stamp from log_batch b where b.batch = log_fence.batch) as head_stamp,
      (select stamp from log_batch b where b.batch = $1) as base_stamp
    from log_fence cross join (select (extract(epoch from statement_timestamp()) * 1000)::bigint as now) n where id = 1
  )
  select head.*, c.scope, c.position, c.batch, c.at as batch_at, c.stamp, c.entity, c.key, c.op, c.row
  from head left join (
    select l.*, b.at, b.stamp from (select * from log where batch > $1 order by batch limit $2) l join log_batch b on b.batch = l.batch
  ) c on true
  order by c.batch, c.scope, c.position
`
