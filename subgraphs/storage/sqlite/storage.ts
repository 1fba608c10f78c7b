import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { Kysely, sql, SqliteDialect, type CompiledQuery, type LogEvent } from 'kysely'
import type { Database } from '../database.ts'
import { Soon } from '../../shared/soon.ts'
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
    run<Row>(query: CompiledQuery<Row>, parameters: readonly unknown[]): PromiseLike<Row[]> {
      // Statements are told by Kysely alone.
      if (onStatement !== undefined) return told(db, { ...query, parameters })
      try {
        return Soon.of(prepare(query.sql).all(parameters) as Row[])
      } catch (error) {
        return Soon.failed(error)
      }
    },
  }
}

async function told<Row>(db: Kysely<Database>, query: CompiledQuery<Row>): Promise<Row[]> {
  return (await db.executeQuery(query)).rows
}

/** Rows come as lists of values, and are made objects here: all of one statement share one shape, and nobody makes the names anew for each. */
function adapt(connection: DatabaseSync, text: string) {
  const statement = connection.prepare(text)
  const names = statement.columns().map(({ name }) => name)
  const blank = Object.fromEntries(names.map((name): [string, unknown] => [name, null]))
  statement.setReturnArrays(true)
  const asRow = (values: unknown): Record<string, unknown> => {
    const row = { ...blank }
    for (let at = 0; at < names.length; at += 1) row[names[at] as string] = (values as readonly unknown[])[at]
    return row
  }
  return {
    reader: names.length > 0,
    all(parameters: readonly unknown[]): Record<string, unknown>[] {
      const rows: unknown[] = statement.all(...(parameters as SQLInputValue[]))
      for (let at = 0; at < rows.length; at += 1) rows[at] = asRow(rows[at])
      return rows as Record<string, unknown>[]
    },
    run: (parameters: readonly unknown[]) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters: readonly unknown[]): IterableIterator<unknown> => statement.iterate(...(parameters as SQLInputValue[])).map(asRow),
  }
}
