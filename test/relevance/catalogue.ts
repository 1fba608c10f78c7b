import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { csvFolder } from '../../local/import/folder.ts'
import { importData, type Progress } from '../../local/import/import.ts'
import { testDatabase } from '../../local/testing/postgres.ts'
import { openPostgres, type PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { startRole } from '../environment/process.ts'
import { subgraphNames } from '../environment/stack.ts'
import { ready, until } from '../environment/wait.ts'
import { searchThrough } from './api.ts'
import type { ProductTexts } from './rankers.ts'

/** A folder's catalogue, served as in the cloud: every role a process of its own behind a gateway. */
export interface ServedCatalogue extends AsyncDisposable {
  readonly url: string
  readonly databaseUrl: string
  readonly storage: PostgresStorage
  readonly products: readonly ProductTexts[]
}

const schema = (name: string): string => fileURLToPath(new URL(`../../schema/${name}`, import.meta.url))

export interface ServeOptions {
  readonly say: (text: string) => void
  readonly onProgress: (progress: Progress) => void
  /** What is done with the data before anything is served. */
  readonly prepare: (storage: PostgresStorage) => Promise<void>
}

/**
 * Loads the folder into a database of its own and starts what answers searches. The database is made in the Postgres of DATABASE_URL,
 * or in one of its own, and is gone afterwards.
 * @throws AisleError IMPORT_SOURCE_INVALID
 */
export async function serveCatalogue(folder: string, { say, onProgress, prepare }: ServeOptions): Promise<ServedCatalogue> {
  await using resources = new AsyncDisposableStack()
  const source = await csvFolder(folder)
  say('starting Postgres')
  const database = resources.use(await testDatabase())
  const storage = resources.use(openPostgres(database.url, { connections: 2 }))
  await importData(source, storage, { onProgress })
  await prepare(storage)
  say('starting gateway and subgraphs')
  const directory = await mkdtemp(join(tmpdir(), 'aisle-relevance-'))
  resources.defer(() => rm(directory, { recursive: true, force: true }))
  const env = { DATABASE_URL: database.url, AISLE_LOG_LEVEL: 'warn' }
  const start = async (name: string, ...args: string[]): Promise<string> => resources.use(await startRole(name, args, env)).url
  const [urls, origin] = await Promise.all([
    Promise.all(subgraphNames.map(async (name) => [name, await start(name, 'subgraph', name, '--port', '0', '--data', join(directory, name))] as const)),
    start('origin', 'origin', '--port', '0'),
  ])
  const routes = urls.flatMap(([name, url]) => ['--subgraph-url', `${name}=${url}/graphql`])
  const gateway = await start('gateway', 'gateway', '--port', '0', '--supergraph', schema('supergraph.graphql'), '--manifest', schema('manifest.json'), ...routes)
  say('waiting for the search index')
  await ready(origin)
  await Promise.all([...urls.map(([, url]) => ready(url)), ready(gateway)])
  const products = await readTexts(storage)
  await indexed(gateway, products.length)
  const kept = resources.move()
  return { url: gateway, databaseUrl: database.url, storage, products, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function readTexts({ pool }: PostgresStorage): Promise<ProductTexts[]> {
  const { rows } = await pool.query<Record<keyof ProductTexts, string | null>>(
    'select p.id, p.name, p.brand, p.description, c.path as category, p.attributes from product p left join category c on c.id = p.category_id order by p.id',
  )
  const text = (json: string | null): string => (json === null ? '' : (JSON.parse(json) as (string | string[])[]).flat().join(' '))
  return rows.map(({ id, name, brand, description, category, attributes }) => ({
    id: id ?? '', name: name ?? '', brand: brand ?? '', description: description ?? '', category: text(category), attributes: text(attributes),
  }))
}

/** The index follows the log: it is whole when it holds every product. */
async function indexed(url: string, products: number): Promise<void> {
  await until('the index to hold every product', async () => (await searchThrough(url, 'total', '')).totalCount === products, 600_000)
}
