import type { DatabaseSync, StatementSync } from 'node:sqlite'

const kept = new WeakMap<DatabaseSync, Map<string, StatementSync>>()

/** A statement prepared once a connection and text. Its rows come as arrays. */
export function statement(connection: DatabaseSync, text: string): StatementSync {
  let known = kept.get(connection)
  if (known === undefined) kept.set(connection, (known = new Map()))
  let prepared = known.get(text)
  if (prepared === undefined) {
    prepared = connection.prepare(text)
    prepared.setReturnArrays(true)
    known.set(text, prepared)
  }
  return prepared
}

/** All rows of a query; the caller names their shape. */
export function rows<Row extends readonly unknown[]>(connection: DatabaseSync, text: string, ...parameters: (string | number | null)[]): Row[] {
  return statement(connection, text).all(...parameters) as unknown[] as Row[]
}
