import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { Kysely, sql, SqliteDialect, type CompiledQuery, type LogEvent } from 'kysely'
import type { Database } from '../database.ts'
import { ListParameter } from '../prepared.ts'
import type { Dialect, Storage } from '../storage.ts'

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  isIn(column, values) {
    if (!(values instanceof ListParameter)) return sql`${column} in (select value from json_each(${JSON.stringify(values)}))`
    return values.single ? sql`${column} = ${values}` : sql`${column} in (select value from json_each(${values}))`
  },
  bindList: ({ single }, values) => (single ? values[0] : JSON.stringify(values)),
}

/**
 * Kysely over an open `node:sqlite` connection. The connection stays the caller's: who opened it closes it.
 * Statements are prepared once a text and kept, for the same few run again and again.
 */
export function sqliteStorage(connection: DatabaseSync, onStatement?: (event: LogEvent) => void): Storage {
  const prepared = new Map<string, ReturnType<typeof adapt>>()
  const prepare = (text: string): ReturnType<typeof adapt> => {
    const known = prepared.get(text)
    if (known !== undefined) return known
    const statement = adapt(connection, text)
    prepared.set(text, statement)
    return statement
  }
  const db = new Kysely<Database>({
    dialect: new SqliteDialect({
      database: {
        prepare,
        close() {},
      },
    }),
    ...(onStatement === undefined ? {} : { log: onStatement }),
  })
  return {
    db,
    dialect: sqliteDialect,
    async run<Row>(query: CompiledQuery<Row>) {
      // Statements are told by Kysely alone.
      if (onStatement !== undefined) return (await db.executeQuery(query)).rows
      return prepare(query.sql).all(query.parameters) as Row[]
    },
  }
}

function adapt(connection: DatabaseSync, text: string) {
  const statement = connection.prepare(text)
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters: readonly unknown[]) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...(parameters as SQLInputValue[])) as IterableIterator<unknown>,
  }
}
