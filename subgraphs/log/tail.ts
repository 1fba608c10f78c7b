import type pg from 'pg'
import { openPostgres, type PostgresStorage } from '../storage/postgres/storage.ts'
import { KeptLog, toBatches, type KeptRow } from './kept-log.ts'
import { stamped } from './read-changes.ts'
import type { ChangesPage, LogCursor, LogHead } from './source.ts'

/** Most changes that are kept in memory; older ones are read from the database. */
const mostKept = 50_000
/** A read that finds more than this begins anew behind it: who needs those reads them in pages. */
const mostRead = 10_000
/** How many older changes are fetched at a time, so that none of it holds anybody up. */
const lookBackRows = 2_000
/** Who lacks no more batches than these follows the log, and was not away. */
const nearBatches = 50

interface TailRow extends KeptRow {
  readonly epoch: string
  readonly head: number
  readonly head_stamp: string | null
  readonly base_stamp: string | null
  readonly at: number
  readonly now: number
  /** Batches up to this one are compacted, or gone. */
  readonly settled: number
}

/**
 * The newest batches in memory, read once for everybody who follows them: what thousands of followers ask for is nearly
 * always the batch that has just come, and what they ask for after an outage the last few minutes. It has a connection of its own: nobody who wants
 * older changes, brings writes or asks how things are can keep the followers waiting.
 */
export class LogTail implements AsyncDisposable {
  readonly #own: PostgresStorage
  readonly #shared: pg.Pool
  readonly #log = new KeptLog()
  readonly #stop = new AbortController()
  #head: (LogHead & { readonly askedAt: number; readonly heardAt: number }) | null = null
  #reading: Promise<void> | null = null
  #lookingBack: Promise<void> | null = null

  constructor({ connectionString, pool }: PostgresStorage) {
    this.#own = openPostgres(connectionString, { connections: 1 })
    this.#shared = pool
    // Whoever comes first finds it read; a database that is not there yet is tried again by him.
    this.#read().catch(() => {})
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

  /** Whether a batch is among the newest: who stands there has been following all the time. */
  isNear(batch: number): boolean {
    return this.#head !== null && this.#head.batch - batch <= nearBatches
  }

  /** The page after a cursor; null for one that only the database can tell of, or refuse. */
  page(scopes: readonly string[], { epoch, batch, stamp, within }: LogCursor, limit: number): ChangesPage | null {
    const kept = this.#head
    if (kept === null || within !== undefined || epoch !== kept.epoch || batch < this.#log.from || batch > kept.batch) return null
    const known = batch === kept.batch ? kept.stamp : this.#log.stampOf(batch)
    if (stamp !== undefined && stamp !== known) return null
    const found = this.#log.after(scopes, batch, limit)
    if (found === null) return null
    const { askedAt: _askedAt, heardAt, ...rest } = kept
    const head: LogHead = { ...rest, now: Math.floor(rest.now + performance.now() - heardAt) }
    const last = found.whole ? { number: head.batch, stamp: head.stamp } : found.parts.at(-1)
    return { parts: found.parts, next: { epoch, batch: last?.number ?? head.batch, ...stamped(last?.stamp) }, head }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#reading?.catch(() => {})
    await this.#lookingBack
    await this.#own[Symbol.asyncDispose]()
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #readOnce(): Promise<void> {
    this.#stop.signal.throwIfAborted()
    const askedAt = performance.now()
    const known = this.#head
    const { rows } = await this.#own.pool.query<TailRow>(tailStatement, [known?.batch ?? Number.MAX_SAFE_INTEGER, mostRead + 1])
    const [first] = rows
    if (first === undefined) return
    const { epoch, head, head_stamp, base_stamp, at, now, settled } = first
    // Another log under the same numbers, or too much at once: from here on.
    const follows = known !== null && known.epoch === epoch && known.batch <= head && (known.stamp ?? null) === base_stamp && rows.length <= mostRead
    if (!follows) this.#log.clear(head, head_stamp)
    else if (first.scope !== null) this.#log.append(toBatches(rows))
    this.#log.trim(settled, mostKept)
    this.#head = { epoch, batch: head, ...stamped(head_stamp), at, now, askedAt, heardAt: performance.now() }
    if (!follows) this.#lookingBack ??= this.#lookBack().catch(() => {}).finally(() => {
      this.#lookingBack = null
    })
  }

  /** Fetches what came before: after a restart all followers lack the same last moments. Without it they read it from the database, each for himself. */
  async #lookBack(): Promise<void> {
    while (!this.#stop.signal.aborted && this.#log.size + lookBackRows <= mostKept) {
      const { from, fromStamp } = this.#log
      const { rows } = await this.#shared.query<KeptRow>(lookBackStatement, [from, lookBackRows, this.#head?.epoch, fromStamp])
      // It may have moved on, or begun anew, meanwhile.
      if (this.#log.from !== from || this.#log.fromStamp !== fromStamp) continue
      const [oldest, ...whole] = toBatches(rows)
      if (oldest === undefined) return
      if (rows.length < lookBackRows) return this.#log.prepend([oldest, ...whole], oldest.number - 1, null)
      // There may be more of the oldest; where it fills all the rows, it is too big to be kept.
      if (whole.length === 0) return
      this.#log.prepend(whole, oldest.number, oldest.stamp)
    }
  }
}

/** One statement, so that head and changes are of one state of the database. */
const tailStatement = `
  with head as (
    select epoch, batch as head, n.now, case when exists (select from outbox) then batch_at else n.now end as at,
      greatest(compacted, (select min(batch) from log_batch) - 1) as settled,
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

/** The changes up to a batch of a log, newest first, as far as they are not compacted. Nothing where the log is another one by now. */
const lookBackStatement = `
  select l.scope, l.position, l.batch, b.at as batch_at, b.stamp, l.entity, l.key, l.op, l.row
  from (
    select log.* from log where log.batch <= $1 and log.batch > (select compacted from log_fence where id = 1)
      and exists (select from log_fence where id = 1 and epoch = $3)
      and exists (select from log_batch where batch = $1 and stamp is not distinct from $4)
    order by log.batch desc limit $2
  ) l join log_batch b on b.batch = l.batch
  order by l.batch, l.scope, l.position
`
