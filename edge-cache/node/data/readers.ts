import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { AisleError } from '../../../runtime/errors.ts'
import type { Replica } from '../../../subgraphs/storage/sqlite/replica.ts'
import { sqliteStorage } from '../../../subgraphs/storage/sqlite/storage.ts'
import type { Storage } from '../../../subgraphs/storage/storage.ts'
import type { LogPosition } from '../../../subgraphs/shared/changes.ts'
import type { ReadSession } from '../data.ts'
import { shownViews } from './overlay/tables.ts'

interface Cut {
  readonly position: LogPosition
  readonly asOf: number
}

/**
 * Pages that each connection keeps, in KB: those that lead to rows, and most of the stock and the prices of 50,000 products. Idle connections are
 * taken last in, first out, so that mostly one of them fills up.
 */
const pageCacheKb = 6_000

export interface ReaderPoolOptions {
  /** Most sessions at once. */
  readonly size?: number
  /** Most requests that wait for a session. */
  readonly queue?: number
}

/**
 * Read transactions over a replica, a bounded number at once; requests beyond wait in their order. A transaction serves all who ask in one
 * turn of the event loop, one after the other: it ends with the turn, and before anything is written.
 */
export class ReaderPool implements Disposable {
  readonly #replica: Replica
  readonly #size: number
  readonly #queueLimit: number
  readonly #idle: Reader[] = []
  readonly #queue: { resolve(session: ReadSession): void; reject(error: unknown): void }[] = []
  /** Grows with each write: a transaction that began at another count is of an earlier cut. */
  #writes = 0
  #leased = 0
  #ending: NodeJS.Immediate | null = null
  #latest: Reader | null = null
  #closed = false
  readonly #sessionEnds: SessionEnds = { refresh: (reader) => reader.begin(this.#writes), release: (reader) => this.#release(reader) }

  constructor(replica: Replica, { size = 8, queue = 2_000 }: ReaderPoolOptions = {}) {
    this.#replica = replica
    this.#size = size
    this.#queueLimit = queue
    replica.onWrite(() => {
      this.#writes += 1
      this.#endIdle()
    })
  }

  /** Sessions that are held now. */
  get leased(): number {
    return this.#leased
  }

  /**
   * One read transaction, once there is room for it.
   * @throws AisleError NOT_READY without a copy, NODE_BUSY when too many wait already.
   */
  async lease(): Promise<ReadSession> {
    if (this.#closed) throw new AisleError('SHUTTING_DOWN')
    if (this.#replica.position() === null) throw new AisleError('NOT_READY')
    if (this.#leased < this.#size) return this.#begin()
    if (this.#queue.length >= this.#queueLimit) throw new AisleError('NODE_BUSY')
    return new Promise((resolve, reject) => this.#queue.push({ resolve, reject }))
  }

  /** One that need not be waited for; null where there is none. */
  leaseNow(): ReadSession | null {
    return this.#closed || this.#leased >= this.#size || this.#replica.position() === null ? null : this.#begin()
  }

  /** Outside any transaction: each statement sees the newest cut. */
  get latest(): Storage {
    return this.#newest().storage
  }

  /** Runs `work` outside any session: each of its statements sees the newest cut, for that is where idle connections stand. */
  peek<Result>(work: (connection: DatabaseSync) => Result): Result {
    const idle = this.#idle.at(-1)
    return work((idle?.generation === this.#replica.generation ? idle : this.#newest()).connection)
  }

  [Symbol.dispose](): void {
    this.#closed = true
    if (this.#ending !== null) clearImmediate(this.#ending)
    for (const waiting of this.#queue.splice(0)) waiting.reject(new AisleError('SHUTTING_DOWN'))
    for (const { connection } of this.#idle.splice(0)) connection.close()
    this.#latest?.connection.close()
    this.#latest = null
  }

  #newest(): Reader {
    if (this.#closed) throw new AisleError('SHUTTING_DOWN')
    if (this.#latest !== null && this.#latest.generation !== this.#replica.generation) {
      this.#latest.connection.close()
      this.#latest = null
    }
    this.#latest ??= new Reader(this.#replica)
    return this.#latest
  }

  #begin(): ReadSession {
    const reader = this.#take()
    this.#leased += 1
    try {
      if (!reader.stands(this.#writes)) reader.begin(this.#writes)
      return new Session(reader, this.#sessionEnds)
    } catch (error) {
      this.#release(reader)
      throw error
    }
  }

  #release(reader: Reader): void {
    this.#leased -= 1
    try {
      if (this.#closed || reader.generation !== this.#replica.generation) reader.connection.close()
      else if (reader.stands(this.#writes)) this.#keepOpen(reader)
      else if (reader.end()) this.#idle.push(reader)
    } finally {
      const next = this.#closed ? undefined : this.#queue.shift()
      if (next !== undefined) {
        try {
          next.resolve(this.#begin())
        } catch (error) {
          next.reject(error)
        }
      }
    }
  }

  /** For who asks next in this turn. */
  #keepOpen(reader: Reader): void {
    this.#idle.push(reader)
    this.#ending ??= setImmediate(() => {
      this.#ending = null
      this.#endIdle()
    })
  }

  #endIdle(): void {
    for (let at = this.#idle.length - 1; at >= 0; at -= 1) if (this.#idle[at]?.end() === false) this.#idle.splice(at, 1)
  }

  #take(): Reader {
    for (let reader = this.#idle.pop(); reader !== undefined; reader = this.#idle.pop()) {
      if (reader.generation === this.#replica.generation) return reader
      reader.connection.close()
    }
    return new Reader(this.#replica)
  }
}

/** A connection that can only read, and that shows pending writes. */
class Reader {
  readonly connection: DatabaseSync
  readonly storage: Storage
  /** Of the replica's file when this was opened. */
  readonly generation: number
  /** Where the transaction stands. */
  cut: Cut | null = null
  readonly #beginRead: StatementSync
  readonly #endRead: StatementSync
  readonly #selectCut: StatementSync
  /** The count of writes at which the open transaction began. */
  #begun: number | null = null

  constructor(replica: Replica) {
    this.generation = replica.generation
    this.connection = replica.reader()
    try {
      this.connection.exec(`pragma cache_size = ${-pageCacheKb}; ${shownViews}`)
      this.#beginRead = this.connection.prepare('begin')
      this.#endRead = this.connection.prepare('commit')
      this.#selectCut = this.connection.prepare('select epoch, batch, as_of from replica_state')
      this.storage = sqliteStorage(this.connection)
    } catch (error) {
      this.connection.close()
      throw error
    }
  }

  /** Whether a transaction is open that stands at the newest cut. SQLite ends one by itself when something is wrong with the medium. */
  stands(writes: number): boolean {
    return this.#begun === writes && this.connection.isTransaction
  }

  /** Begins a transaction at the newest cut, in place of one that is open, and reads where it stands, which fixes the cut. */
  begin(writes: number): void {
    this.#begun = null
    if (this.connection.isTransaction) this.#endRead.run()
    this.#beginRead.run()
    const row = this.#selectCut.get()
    this.cut = row === undefined ? null : { position: { epoch: String(row.epoch), batch: Number(row.batch) }, asOf: Number(row.as_of) }
    this.#begun = writes
  }

  /** Ends the transaction, if one is open. False where that fails: then the connection is of no more use, and closed. */
  end(): boolean {
    this.#begun = null
    try {
      if (this.connection.isTransaction) this.#endRead.run()
      return true
    } catch {
      this.connection.close()
      return false
    }
  }
}

interface SessionEnds {
  refresh(reader: Reader): void
  release(reader: Reader): void
}

class Session implements ReadSession {
  #cut: Cut | null
  readonly #reader: Reader
  readonly #ends: SessionEnds
  #released = false

  constructor(reader: Reader, ends: SessionEnds) {
    this.#reader = reader
    this.#ends = ends
    this.#cut = reader.cut
  }

  get position(): LogPosition | null {
    return this.#cut?.position ?? null
  }

  get asOf(): number | null {
    return this.#cut?.asOf ?? null
  }

  get connection(): DatabaseSync {
    return this.#reader.connection
  }

  get storage(): Storage {
    return this.#reader.storage
  }

  refresh(): void {
    if (this.#released) throw new Error('This read session was released.')
    this.#ends.refresh(this.#reader)
    this.#cut = this.#reader.cut
  }

  [Symbol.dispose](): void {
    if (this.#released) return
    this.#released = true
    this.#ends.release(this.#reader)
  }
}
