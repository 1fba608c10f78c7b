import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { demoSource } from '../../../../local/demo/source.ts'
import { importData } from '../../../../local/import/import.ts'
import { childrenOf } from '../../../../local/processes/identity.ts'
import { startTestServer } from '../../../../local/testing/server.ts'
import { trainRecommendations } from '../../../../subgraphs/recommendation/train/train.ts'
import { migrate } from '../../../../subgraphs/storage/postgres/migrate.ts'
import { openPostgres, type PostgresStorage } from '../../../../subgraphs/storage/postgres/storage.ts'
import { ready } from '../../../environment/wait.ts'
import { BenchProcess, coreOf, pinning } from '../processes.ts'
import { imageOptions } from '../targets/target.ts'

const subgraphNames = ['search', 'recommendation', 'inventory', 'device'] as const
type Role = (typeof subgraphNames)[number] | 'origin'

const entry = fileURLToPath(new URL('../../../../aisle.ts', import.meta.url))

/** What the operations ask for: taken from the data, so that every answer has something in it. */
export interface Facts {
  /** The brand of the most products. */
  readonly brand: string
  readonly storeId: string
  /** On the shelf of that store, and with products that go with it. */
  readonly productId: string
}

/**
 * The demo chain as it is deployed: Postgres, the four subgraphs, and origin, without which search has no index; all beside the load. The
 * subgraphs share no secret with any gateway, as on a developer's machine: so each gateway is asked by everybody, and may pass on anything.
 */
export class Chain implements AsyncDisposable {
  readonly #resources: AsyncDisposableStack
  /** Of the subgraphs' GraphQL, by name. */
  readonly urls: Readonly<Record<string, string>>
  readonly facts: Facts

  constructor(resources: AsyncDisposableStack, urls: Readonly<Record<string, string>>, facts: Facts) {
    this.#resources = resources
    this.urls = urls
    this.facts = facts
  }

  /** @param products how many the chain sells */
  static async start(products: number): Promise<Chain> {
    await using started = new AsyncDisposableStack()
    const server = started.use(await startTestServer())
    if (pinning !== null) for (const pid of [server.pid, ...childrenOf(server.pid).map((child) => child.pid)]) await promisify(execFile)(pinning, ['-pc', coreOf.others, String(pid)])
    const facts = await fill(server.url, products)
    const folder = await mkdtemp(join(tmpdir(), 'aisle-bench-retail-'))
    started.defer(() => rm(folder, { recursive: true, force: true }))
    const start = async (role: Role, args: readonly string[]): Promise<readonly [Role, string]> => {
      const env = { DATABASE_URL: server.url, AISLE_LOG_LEVEL: 'warn', NODE_OPTIONS: imageOptions() }
      const process = started.use(new BenchProcess<{ ready?: string }>(role, 'others', [entry, ...args, '--port', '0'], env))
      const url = await process.message((message) => message.ready)
      return [role, url]
    }
    const roles = await Promise.all([start('origin', ['origin']), ...subgraphNames.map((name) => start(name, ['subgraph', name, '--data', join(folder, name)]))])
    await Promise.all(roles.map(([, url]) => ready(url)))
    const urls = Object.fromEntries(roles.flatMap(([role, url]) => (role === 'origin' ? [] : [[role, `${url.replace('localhost', '127.0.0.1')}/graphql`]])))
    return new Chain(started.move(), urls, facts)
  }

  /** Requests that the subgraphs have answered so far. */
  async received(): Promise<number> {
    const counts = await Promise.all(Object.values(this.urls).map(async (url) => {
      const text = await (await fetch(new URL('/metrics', url))).text()
      const lines = text.matchAll(/^http_server_request_duration_seconds_count\{[^}]*"\/graphql"[^}]*\} (\d+)$/gm)
      return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
    }))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync()
  }
}

async function fill(databaseUrl: string, products: number): Promise<Facts> {
  await using storage = openPostgres(databaseUrl)
  await migrate(storage)
  await importData(demoSource({ products, now: Date.now() }), storage, {})
  await trainRecommendations(storage, {})
  return await readFacts(storage)
}

async function readFacts({ db }: PostgresStorage): Promise<Facts> {
  const { brand } = await db.selectFrom('product').select('brand').groupBy('brand').orderBy((all) => all.fn.countAll(), 'desc').orderBy('brand').limit(1).executeTakeFirstOrThrow()
  const { store_id: storeId, product_id: productId } = await db.selectFrom('stock')
    .innerJoin('neighbours', 'neighbours.product_id', 'stock.product_id')
    .select(['stock.store_id', 'stock.product_id']).where('on_hand', '>', 0).where('similar_to', '!=', '[]').where('bought_with', '!=', '[]')
    .orderBy('stock.store_id').orderBy('stock.product_id').limit(1).executeTakeFirstOrThrow()
  return { brand: brand ?? '', storeId, productId }
}
