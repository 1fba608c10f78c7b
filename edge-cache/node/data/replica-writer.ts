import { DatabaseSync } from 'node:sqlite'
import type { Replica } from '../../../subgraphs/storage/sqlite/replica.ts'

/**
 * Transactions of this node's own on the replica's file, between those of the log. Both are made on one thread: one of the log that is
 * long has pauses, in which none of these can begin.
 */
export class ReplicaWriter implements Disposable {
  readonly #replica: Replica
  #open: { readonly connection: DatabaseSync; readonly generation: number } | null = null

  constructor(replica: Replica) {
    this.#replica = replica
  }

  /** Runs `work` in one transaction on the file that now has the replica's name. */
  transact<Result>(work: (connection: DatabaseSync) => Result): Result {
    // A wait would keep this very thread from ending what it waits for.
    if (this.#replica.busy) throw new Error('A batch is being taken into the replica.')
    const connection = this.#current()
    this.#replica.writing()
    connection.exec('begin immediate')
    try {
      const result = work(connection)
      connection.exec('commit')
      this.#replica.writing()
      return result
    } catch (error) {
      if (connection.isTransaction) connection.exec('rollback')
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#open?.connection.close()
    this.#open = null
  }

  #current(): DatabaseSync {
    const { file, generation } = this.#replica
    if (this.#open !== null && this.#open.generation !== generation) this[Symbol.dispose]()
    if (this.#open === null) {
      const connection = new DatabaseSync(file, { timeout: 5_000 })
      connection.exec('pragma synchronous = normal')
      this.#open = { connection, generation }
    }
    return this.#open.connection
  }
}
