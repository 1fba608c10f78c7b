import type { CompiledQuery, Expression, Kysely, SqlBool } from 'kysely'
import type { Database } from './database.ts'
import type { ListParameter } from './prepared.ts'

/** The few things that Postgres and SQLite say differently. Everything else is written once. */
export interface Dialect {
  readonly name: 'postgres' | 'sqlite'
  /** `column in values` with one bound parameter, so that the statement is the same for any number of values. */
  isIn(column: Expression<string | null>, values: readonly string[] | ListParameter): Expression<SqlBool>
  /** What is bound for a list. */
  bindList(parameter: ListParameter, values: readonly string[]): unknown
}

/** A database to read from: the tables, and how its dialect differs. */
export interface Storage {
  readonly db: Kysely<Database>
  readonly dialect: Dialect
  /** Runs a statement that was built before, with these parameters in place of its own; a database in this process answers at once. */
  run<Row>(query: CompiledQuery<Row>, parameters: readonly unknown[]): PromiseLike<Row[]>
}
