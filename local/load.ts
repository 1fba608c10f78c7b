import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PostgresStorage } from '../subgraphs/storage/postgres/storage.ts'
import { productsOf, type DemoSize } from './demo-size.ts'
import type { DataSource } from './import/source.ts'

export interface LoadOptions {
  readonly storage: PostgresStorage
  /** Folder in the import format; the demo chain without it. */
  readonly dataDirectory?: string
  readonly demoSize: DemoSize
  /** File that lists the rows which could not be loaded. */
  readonly rejects: string
  readonly onProgress: (detail: string) => void
  /** Gives up; what was not yet committed is not kept. */
  readonly signal: AbortSignal
}

/** The setting that names what was loaded last, as it was then. */
const loadedKey = 'loaded_data'

/**
 * Loads the data and trains the recommendations on them, unless this database holds exactly them already. A load that was cut short
 * left no mark, and is done again. A database that was filled in another way keeps what it has when no data set is named.
 * @returns what came of it, for people.
 */
export async function loadData(options: LoadOptions): Promise<string> {
  const { storage: { db }, dataDirectory } = options
  const wanted = dataDirectory === undefined ? `demo ${options.demoSize}` : await fingerprint(dataDirectory)
  const loaded = await db.selectFrom('setting').select('value').where('key', '=', loadedKey).executeTakeFirst()
  if (loaded?.value === wanted) return 'already loaded'
  if (dataDirectory === undefined && loaded === undefined && await holdsProducts(options.storage)) return 'left as they are'
  const summary = await loadAnew(options)
  await db.insertInto('setting').values({ key: loadedKey, value: wanted }).onConflict((conflict) => conflict.column('key').doUpdateSet({ value: wanted })).execute()
  return summary
}

async function loadAnew(options: LoadOptions): Promise<string> {
  const { importData } = await import('./import/import.ts')
  const { storage, rejects, onProgress, signal } = options
  const report = await importData(await sourceOf(options), storage, {
    rejects,
    onProgress: ({ file, rows, total, fraction }) => {
      const share = fraction ?? (total === undefined ? undefined : rows / Math.max(1, total))
      onProgress(`${file} ${share === undefined ? `${rows.toLocaleString('en')} rows` : `${Math.round(share * 100)}%`}`)
    },
  })
  const { trainInThread } = await import('./training.ts')
  await trainInThread(storage.connectionString, onProgress, signal)
  const rows = report.files.reduce((sum, file) => sum + file.loaded, 0)
  const refused = report.rejected === 0 ? '' : `; ${report.rejected.toLocaleString('en')} ROWS WERE NOT LOADED, see ${rejects}`
  return `${rows.toLocaleString('en')} rows of ${report.source}, recommendations trained${refused}`
}

async function sourceOf({ dataDirectory, demoSize }: LoadOptions): Promise<DataSource> {
  if (dataDirectory !== undefined) return await (await import('./import/folder.ts')).csvFolder(dataDirectory)
  const { demoSource } = await import('./demo/source.ts')
  return demoSource({ products: productsOf(demoSize), now: Date.now() })
}

async function holdsProducts({ db }: PostgresStorage): Promise<boolean> {
  return await db.selectFrom('product').select('id').limit(1).executeTakeFirst() !== undefined
}

/** Which files the folder holds, their sizes and times: cheap to look at, and different when any of them changed. */
async function fingerprint(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name).toSorted()
  const described = await Promise.all(files.map(async (file) => {
    const { size, mtimeMs } = await stat(join(folder, file))
    return `${file} ${size} ${Math.floor(mtimeMs)}`
  }))
  return [folder, ...described].join('\n')
}
