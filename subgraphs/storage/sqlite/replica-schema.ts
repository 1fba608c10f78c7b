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

/** Refused writes are few among many. */
const refusedIndex = `create index if not exists "edge_operation_refused" on "edge_operation" (store_id, recorded_at, incarnation, n) where outcome like '%"userErrors":[{%'`

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
  connection.exec(`
    create table if not exists replica_state (
      id integer primary key check (id = 1),
      epoch text not null, batch integer not null, as_of integer not null, consistent_from integer not null,
      readings_since integer not null, positions text not null, shape text not null, within text, stamp text
    );
    create table if not exists replica_extension (name text primary key, version integer not null) without rowid;
    create table if not exists replica_staged (
      scope text not null, position integer not null, change text not null, primary key (scope, position)
    ) without rowid;
    create table if not exists replica_scope (scope text primary key) without rowid;
  `)
  if (!columnsOf(connection, 'replica_state').has('stamp')) connection.exec('alter table replica_state add column stamp text')
  for (const name of names) {
    const { key, columns }: ReplicatedEntity = entities[name]
    const declared = Object.entries(columns).map(([column, type]) => `"${column}" ${type}${key.includes(column) ? ' not null' : ''}`)
    connection.exec(
      `create table if not exists "${name}" (${declared.join(', ')}, primary key (${key.map(quote).join(', ')}))${withoutRowid.has(name) ? ' without rowid' : ''}`,
    )
    const present = columnsOf(connection, name)
    for (const [column, type] of Object.entries(columns)) if (!present.has(column)) connection.exec(`alter table "${name}" add column "${column}" ${type}`)
    if (name === 'edge_operation') connection.exec(refusedIndex)
    for (const index of indexes[name] ?? []) {
      connection.exec(`create index if not exists "${name}_by_${index.join('_')}" on "${name}" (${index.map(quote).join(', ')})`)
    }
  }
}

function columnsOf(connection: DatabaseSync, table: string): Set<unknown> {
  return new Set(connection.prepare(`pragma table_info(${quote(table)})`).all().map((column) => column.name))
}

/** Says whether a file was filled for these entities with these columns. */
export function shapeOf(names: readonly EntityName[]): string {
  return JSON.stringify(names.toSorted().map((name) => [name, entities[name].columns]))
}

export function quote(name: string): string {
  return `"${name}"`
}
