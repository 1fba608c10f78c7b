import type { DatabaseSync } from 'node:sqlite'
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

/** A connection that can only read, and that shows pending writes. */
interface Reader {
  readonly connection: DatabaseSync
  readonly storage: Storage
  /** Begins a transaction and reads where it stands, which fixes its cut. */
  begin(): Cut | null
  /** Of the replica's file when this was opened. */
  readonly generation: number
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

/** Read transactions over a replica, a bounded number at once; requests beyond wait in their order. */
export class ReaderPool implements Disposable {
  readonly #replica: Replica
  readonly #size: number
  readonly #queueLimit: number
  readonly #idle: Reader[] = []
  readonly #leased = new Set<Reader>()
  readonly #queue: { resolve(session: ReadSession): void; reject(error: unknown): void }[] = []
  #latest: Reader | null = null
  #closed = false

  constructor(replica: Replica, { size = 8, queue = 2_000 }: ReaderPoolOptions = {}) {
    this.#replica = replica
    this.#size = size
    this.#queueLimit = queue
  }

  /** Sessions that are held now. */
  get leased(): number {
    return this.#leased.size
  }

  /**
   * One read transaction, once there is room for it.
   * @throws AisleError NOT_READY without a copy, NODE_BUSY when too many wait already.
   */
  async lease(): Promise<ReadSession> {
    if (this.#closed) throw new AisleError('SHUTTING_DOWN')
    if (this.#replica.position() === null) throw new AisleError('NOT_READY')
    if (this.#leased.size < this.#size) return this.#begin()
    if (this.#queue.length >= this.#queueLimit) throw new AisleError('NODE_BUSY')
    return new Promise((resolve, reject) => this.#queue.push({ resolve, reject }))
  }

  /** One that need not be waited for; null where there is none. */
  leaseNow(): ReadSession | null {
    return this.#closed || this.#leased.size >= this.#size || this.#replica.position() === null ? null : this.#begin()
  }

  /** Outside any transaction: each statement sees the newest cut. */
  get latest(): Storage {
    return this.#newest().storage
  }

  /** Runs `work` outside any transaction: each of its statements sees the newest cut. */
  peek<Result>(work: (connection: DatabaseSync) => Result): Result {
    const idle = this.#idle.at(-1)
    return work((idle?.generation === this.#replica.generation ? idle : this.#newest()).connection)
  }

  [Symbol.dispose](): void {
    this.#closed = true
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
    this.#latest ??= this.#open()
    return this.#latest
  }

  #begin(): ReadSession {
    const reader = this.#take()
    this.#leased.add(reader)
    try {
      return this.#session(reader)
    } catch (error) {
      this.#release(reader)
      throw error
    }
  }

  #session(reader: Reader): ReadSession {
    const { connection, storage } = reader
    let cut = reader.begin()
    let released = false
    return {
      connection,
      storage,
      get position() {
        return cut?.position ?? null
      },
      get asOf() {
        return cut?.asOf ?? null
      },
      refresh: () => {
        if (released) throw new Error('This read session was released.')
        connection.exec('commit')
        cut = reader.begin()
      },
      [Symbol.dispose]: () => {
        if (released) return
        released = true
        this.#release(reader)
      },
    }
  }

  #release(reader: Reader): void {
    this.#leased.delete(reader)
    const { connection, generation } = reader
    try {
      if (connection.isTransaction) connection.exec('commit')
      if (this.#closed || generation !== this.#replica.generation) connection.close()
      else this.#idle.push(reader)
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

  #take(): Reader {
    for (let reader = this.#idle.pop(); reader !== undefined; reader = this.#idle.pop()) {
      if (reader.generation === this.#replica.generation) return reader
      reader.connection.close()
    }
    return this.#open()
  }

  #open(): Reader {
    const { generation } = this.#replica
    const connection = this.#replica.reader()
    try {
      connection.exec(`pragma cache_size = ${-pageCacheKb}; ${shownViews}`)
      const selectPosition = connection.prepare('select epoch, batch, as_of from replica_state')
      const beginRead = connection.prepare('begin')
      const begin = (): Cut | null => {
        beginRead.run()
        const row = selectPosition.get()
        return row === undefined ? null : { position: { epoch: String(row.epoch), batch: Number(row.batch) }, asOf: Number(row.as_of) }
      }
      return { connection, generation, begin, storage: sqliteStorage(connection) }
    } catch (error) {
      connection.close()
      throw error
    }
  }
}
