import type { Expression, Kysely, SqlBool } from 'kysely'
import type { Database } from './database.ts'

/** The few things that Postgres and SQLite say differently. Everything else is written once. */
export interface Dialect {
  readonly name: 'postgres' | 'sqlite'
  /** `column in values` with one bound parameter, so that the statement is the same for any number of values. */
  isIn(column: Expression<string | null>, values: readonly string[]): Expression<SqlBool>
}

/** A database to read from: the tables, and how its dialect differs. */
export interface Storage {
  readonly db: Kysely<Database>
  readonly dialect: Dialect
}
