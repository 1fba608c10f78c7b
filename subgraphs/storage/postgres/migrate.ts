import { readdir, readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import type { PostgresStorage } from './storage.ts'

const folder = new URL('../../../schema/migrations/', import.meta.url)

/**
 * Brings the database to the newest schema, forward only, one process at a time (Kysely's migrator takes a lock).
 * @param through the last migration to run, as an earlier version would have; all of them without it
 * @returns the names of the migrations that ran.
 */
export async function migrate({ db }: PostgresStorage, through?: string): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations } })
  const { error, results } = await (through === undefined ? migrator.migrateToLatest() : migrator.migrateTo(through))
  if (error !== undefined) throw error
  return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName)
}

async function getMigrations(): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).toSorted()
  const migrations: Record<string, Migration> = {}
  for (const file of files) {
    const text = await readFile(new URL(file, folder), 'utf8')
    migrations[file.replace(/\.sql$/, '')] = {
      async up(db) {
        await sql.raw(text).execute(db)
      },
    }
  }
  return migrations
}
