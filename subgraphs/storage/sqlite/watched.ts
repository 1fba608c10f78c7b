import { DatabaseSync, type DatabaseSyncOptions, type StatementSync } from 'node:sqlite'
import { isDamage } from './damage.ts'

/** A connection that tells when SQLite meets damage in the file, whoever's statement it was that met it. */
export class WatchedDatabase extends DatabaseSync {
  readonly #onDamage: (error: unknown) => void

  constructor(path: string, options: DatabaseSyncOptions, onDamage: (error: unknown) => void) {
    super(path, options)
    this.#onDamage = onDamage
  }

  override prepare(text: string): StatementSync {
    const statement = this.#watch(() => super.prepare(text))
    // The two ways in which rows are read here; an iterator is walked outside of its call.
    for (const name of ['all', 'get'] as const) {
      const read = statement[name].bind(statement) as (...values: unknown[]) => unknown
      Object.defineProperty(statement, name, { value: (...values: unknown[]) => this.#watch(() => read(...values)) })
    }
    return statement
  }

  #watch<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (isDamage(error)) this.#onDamage(error)
      throw error
    }
  }
}
