import { DatabaseSync } from 'node:sqlite'
import { testDatabase } from '../../local/testing/postgres.ts'
import { entities, type ReplicatedEntity } from '../../subgraphs/storage/entities.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { sqliteStorage } from '../../subgraphs/storage/sqlite/storage.ts'
import type { Storage } from '../../subgraphs/storage/storage.ts'

/** A database with the newest tables and no rows. */
export interface TestStorage extends AsyncDisposable {
  readonly storage: Storage
  /** Statements run so far. */
  statements(): number
}

export type MakeStorage = () => Promise<TestStorage>

/** The cloud's database. */
export async function postgresTestStorage(): Promise<TestStorage> {
  const database = await testDatabase()
  let count = 0
  const storage = openPostgres(database.url, { onStatement: () => (count += 1) })
  return {
    storage,
    statements: () => count,
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** A store's database: the tables that the log carries. */
export async function sqliteTestStorage(): Promise<TestStorage> {
  const connection = new DatabaseSync(':memory:')
  for (const [name, entity] of Object.entries(entities)) connection.exec(tableOf(name, entity))
  let count = 0
  return {
    storage: sqliteStorage(connection, () => (count += 1)),
    statements: () => count,
    async [Symbol.asyncDispose]() {
      connection.close()
    },
  }
}

function tableOf(name: string, { columns, key }: ReplicatedEntity): string {
  const declared = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`)
  return `create table "${name}" (${declared.join(', ')}, primary key (${key.map((column) => `"${column}"`).join(', ')})) strict, without rowid`
}
