import { DatabaseSync } from 'node:sqlite'
import { testDatabase } from '../../local/testing/postgres.ts'
import { searchIndexExtension } from '../../subgraphs/search/index/extension.ts'
import { createSearchIndex, type SearchIndex } from '../../subgraphs/search/index/search-index.ts'
import type { Database } from '../../subgraphs/storage/database.ts'
import { entities, type EntityName } from '../../subgraphs/storage/entities.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { sqliteStorage } from '../../subgraphs/storage/sqlite/storage.ts'
import type { Storage } from '../../subgraphs/storage/storage.ts'

/** Rows by table, as a suite wants to find them. */
export type Rows = { readonly [Table in keyof Database]?: readonly Database[Table][] }

/** One of the two databases with the rows in it, and what the suites ask of it. */
export interface Catalogue extends AsyncDisposable {
  readonly storage: Storage
  readonly index: SearchIndex
  /** Statements run since the last call. */
  statements(): number
}

export type MakeCatalogue = (rows: Rows) => Promise<Catalogue>

/** As in the cloud: rows in Postgres, the index in a replica of its own. */
export async function postgresCatalogue(rows: Rows): Promise<Catalogue> {
  const database = await testDatabase()
  let count = 0
  const storage = openPostgres(database.url, { connections: 2, onStatement: () => (count += 1) })
  for (const [table, list] of Object.entries(rows)) {
    if (list.length > 0) await storage.db.insertInto(table as keyof Database).values(list).execute()
  }
  const replica = replicaOf(rows)
  count = 0
  return {
    storage,
    index: createSearchIndex(replica),
    statements() {
      const counted = count
      count = 0
      return counted
    },
    async [Symbol.asyncDispose]() {
      replica.close()
      await storage[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** As on a store's node: rows and index in one SQLite file. */
export async function sqliteCatalogue(rows: Rows): Promise<Catalogue> {
  const replica = replicaOf(rows)
  let count = 0
  const storage = sqliteStorage(replica, () => (count += 1))
  return {
    storage,
    index: createSearchIndex(replica),
    statements() {
      const counted = count
      count = 0
      return counted
    },
    async [Symbol.asyncDispose]() {
      await storage.db.destroy()
      replica.close()
    },
  }
}

/** A replica in memory, with what of the rows a replica holds. */
export function replicaOf(rows: Rows): DatabaseSync {
  const connection = new DatabaseSync(':memory:')
  for (const [entity, { columns, key }] of Object.entries(entities)) {
    const declared = Object.entries(columns).map(([column, type]) => `${column} ${type}`)
    connection.exec(`create table ${entity} (${declared.join(', ')}, primary key (${key.join(', ')}))`)
    for (const row of rows[entity as EntityName] ?? []) {
      const names = Object.keys(columns)
      const values = names.map((name) => (row as unknown as Record<string, string | number | null>)[name] ?? null)
      connection.prepare(`insert into ${entity} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`).run(...values)
    }
  }
  searchIndexExtension.create(connection)
  searchIndexExtension.rebuild(connection)
  return connection
}
