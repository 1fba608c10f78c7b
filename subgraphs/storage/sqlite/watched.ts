import { DatabaseSync, type DatabaseSyncOptions, type StatementSync } from 'node:sqlite'
import { isDamage } from './damage.ts'

type Read = (this: StatementSync, ...values: unknown[]) => unknown

function telling(read: Read, tell: (error: unknown) => void): Read {
  return function (...values) {
    try {
      return read.apply(this, values)
    } catch (error) {
      tell(error)
      throw error
    }
  }
}

/** A connection that tells when SQLite meets damage in the file, whoever's statement it was that met it. */
export class WatchedDatabase extends DatabaseSync {
  readonly #onDamage: (error: unknown) => void

  constructor(path: string, options: DatabaseSyncOptions, onDamage: (error: unknown) => void) {
    super(path, options)
    this.#onDamage = onDamage
  }

  override prepare(text: string): StatementSync {
    const tell = (error: unknown): void => {
      if (isDamage(error)) this.#onDamage(error)
    }
    try {
      const statement = super.prepare(text)
      // The two ways in which rows are read here; an iterator is walked outside of its call.
      for (const name of ['all', 'get'] as const) Object.defineProperty(statement, name, { value: telling(statement[name] as Read, tell) })
      return statement
    } catch (error) {
      tell(error)
      throw error
    }
  }
}
