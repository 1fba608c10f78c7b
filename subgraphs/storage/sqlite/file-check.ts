import { DatabaseSync } from 'node:sqlite'
import { isDamage } from './damage.ts'
import type { DerivedAudit } from './extension.ts'

/** Names of the tables that are damaged: none for a sound file, null where it can't be told which. */
export type DamagedTables = readonly string[] | null

/** SQLite's own check of a whole file, table by table where it finds something, and what extensions can tell of the tables they derive. */
export function checkFile(file: string, audits: readonly DerivedAudit[]): DamagedTables {
  const connection = new DatabaseSync(file, { enableForeignKeyConstraints: false, timeout: 5_000, readOnly: true })
  try {
    if (isSound(connection, '1')) return audits.filter(({ wrong }) => connection.prepare(wrong).get() !== undefined).map(({ table }) => table)
    const tables = connection.prepare("select name from sqlite_schema where type = 'table' and rootpage > 0").all().map(({ name }) => String(name))
    const damaged = tables.filter((table) => !isSound(connection, `"${table}"`))
    // Damage that belongs to no table may be that of any.
    return damaged.length === 0 ? null : damaged
  } catch (error) {
    if (isDamage(error)) return null
    throw error
  } finally {
    connection.close()
  }
}

function isSound(connection: DatabaseSync, what: string): boolean {
  try {
    return connection.prepare(`pragma integrity_check(${what})`).get()?.integrity_check === 'ok'
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}
