import type { DatabaseSync } from 'node:sqlite'
import { entities, type EntityName, type ReplicatedEntity } from '../entities.ts'

/** Raised when a file of an older shape can't be used any more; such a file is put aside and fetched anew. */
export const replicaFormat = 1

/** Short rows found by their whole key. The others keep a rowid: long rows fare better there, and search indexes refer to it. */
const withoutRowid: ReadonlySet<EntityName> = new Set(['list_price', 'trending', 'store_price', 'stock', 'reading', 'edge_operation'])

const indexes: Partial<Record<EntityName, readonly (readonly string[])[]>> = {
  category: [['parent_id', 'name', 'id']],
  product: [['category_id']],
  stock: [['product_id', 'store_id']],
  store_price: [['product_id', 'store_id']],
  device: [['store_id', 'id']],
}

/** The replica's own bookkeeping. */
const books = {
  replica_state: `(
    id integer primary key check (id = 1),
    epoch text not null, batch integer not null, as_of integer not null, consistent_from integer not null,
    readings_since integer not null, positions text not null, shape text not null, within text, stamp text
  )`,
  replica_extension: '(name text primary key, version integer not null) without rowid',
  replica_staged: '(scope text not null, position integer not null, change text not null, primary key (scope, position)) without rowid',
  replica_scope: '(scope text primary key) without rowid',
}

/** Refused writes are few among many. */
const refusedIndex = `create index "edge_operation_refused" on "edge_operation" (store_id, recorded_at, incarnation, n) where outcome like '%"userErrors":[{%'`

/** Every entity that the log carries, as a replica without a choice holds them. */
export const allEntities = Object.keys(entities) as EntityName[]

/** The entity by its name, or null for one that only a newer cloud knows. */
export function entityOf(name: string): ReplicatedEntity | null {
  return Object.hasOwn(entities, name) ? entities[name as EntityName] : null
}

/**
 * Makes what is missing: tables, columns, indexes and the replica's own bookkeeping. Text compares bytewise,
 * which is SQLite's default collation. Only keys are NOT NULL, so that a row of an older cloud still fits.
 */
export function ensureTables(connection: DatabaseSync, names: readonly EntityName[]): void {
  const present = columnsByTable(connection)
  const indexed = new Set(connection.prepare("select name from sqlite_schema where type = 'index'").all().map(({ name }) => name))
  for (const [table, declaration] of Object.entries(books)) if (!present.has(table)) connection.exec(`create table ${table} ${declaration}`)
  if (present.get('replica_state')?.has('stamp') === false) connection.exec('alter table replica_state add column stamp text')
  for (const name of names) {
    const { key, columns }: ReplicatedEntity = entities[name]
    const known = present.get(name)
    const declared = Object.entries(columns).map(([column, type]) => `"${column}" ${type}${key.includes(column) ? ' not null' : ''}`)
    if (known === undefined) connection.exec(`create table "${name}" (${declared.join(', ')}, primary key (${key.map(quote).join(', ')}))${withoutRowid.has(name) ? ' without rowid' : ''}`)
    else for (const [column, type] of Object.entries(columns)) if (!known.has(column)) connection.exec(`alter table "${name}" add column "${column}" ${type}`)
    if (name === 'edge_operation' && !indexed.has('edge_operation_refused')) connection.exec(refusedIndex)
    for (const columnsOfIndex of indexes[name] ?? []) {
      const index = `${name}_by_${columnsOfIndex.join('_')}`
      if (!indexed.has(index)) connection.exec(`create index "${index}" on "${name}" (${columnsOfIndex.map(quote).join(', ')})`)
    }
  }
}

/** The columns of every table that there is, in one statement: a node that starts has many tables, and is waited for. */
function columnsByTable(connection: DatabaseSync): Map<unknown, Set<unknown>> {
  const rows = connection.prepare("select t.name as name, c.name as column from sqlite_schema as t join pragma_table_info(t.name) as c where t.type = 'table'").all()
  const tables = new Map<unknown, Set<unknown>>()
  for (const { name, column } of rows) {
    const known = tables.get(name)
    if (known === undefined) tables.set(name, new Set([column]))
    else known.add(column)
  }
  return tables
}

/** Says whether a file was filled for these entities with these columns. */
export function shapeOf(names: readonly EntityName[]): string {
  return JSON.stringify(names.toSorted().map((name) => [name, entities[name].columns]))
}

export function quote(name: string): string {
  return `"${name}"`
}
