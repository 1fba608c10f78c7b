import type { PoolClient } from 'pg'
import { AisleError } from '../../runtime/errors.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { loadTable, type Progress } from './load.ts'
import { Rejects } from './rejects.ts'
import type { FileReport, ImportReport } from './report.ts'
import type { DataSource } from './source.ts'
import { importTables } from './tables.ts'

export type { Progress } from './load.ts'

export interface ImportOptions {
  /** Stops at the first row that cannot be loaded, and loads nothing at all. */
  readonly strict?: boolean
  /** CSV file that gets every rejected row (file, line, column, reason, row); it is made when there is one. */
  readonly rejects?: string
  readonly onProgress?: (progress: Progress) => void
  /** Epoch milliseconds at which prices count as set; the clock's without it. */
  readonly now?: number
}

/**
 * Loads a source into Postgres in one transaction: good rows go in, bad ones are reported, none is lost in silence. It adds and
 * updates, and takes nothing away but the lines that an order no longer has. The same source again changes no row.
 * @throws AisleError IMPORT_REJECTED (strict only), IMPORT_SOURCE_INVALID, DATABASE_UNAVAILABLE
 */
export async function importData(source: DataSource, storage: PostgresStorage, options: ImportOptions = {}): Promise<ImportReport> {
  const begin = performance.now()
  const rejects = new Rejects(options.rejects ?? null)
  const client = await connect(storage)
  const files: FileReport[] = []
  let failure: Error | undefined
  try {
    await client.query('begin')
    await client.query("select pg_advisory_xact_lock(hashtext('aisle import'))")
    await client.query("set local work_mem = '64MB'")
    const filled = new Set<string>()
    for (const table of importTables) {
      const from = await source.table(table.name)
      if (from === null) continue
      const now = options.now ?? Date.now()
      files.push(await loadTable(client, table, from, { rejects, strict: options.strict ?? false, now, onProgress: options.onProgress ?? (() => {}) }))
      for (const name of table.into) filled.add(name)
    }
    await client.query('commit')
    await client.query(`analyze ${[...filled].join(', ')}`)
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error))
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release(failure !== undefined && !AisleError.is(failure))
    await rejects.close()
  }
  return { source: source.name, files, rejected: rejects.count, rejects: rejects.first, ms: performance.now() - begin }
}

async function connect(storage: PostgresStorage): Promise<PoolClient> {
  try {
    return await storage.pool.connect()
  } catch (error) {
    throw new AisleError('DATABASE_UNAVAILABLE', undefined, { cause: error })
  }
}
