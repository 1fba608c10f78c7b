import { demoSource } from '../../../local/demo/source.ts'
import { importData } from '../../../local/import/import.ts'
import { testDatabase } from '../../../local/testing/postgres.ts'
import { startTestServer } from '../../../local/testing/server.ts'
import { trainRecommendations } from '../../../subgraphs/recommendation/train/train.ts'
import { openPostgres } from '../../../subgraphs/storage/postgres/storage.ts'
import { operationIds } from '../../environment/client.ts'
import { startStack, subgraphNames, type Stack } from '../../environment/stack.ts'
import type { BenchmarkOptions, BenchmarkReport } from '../command.ts'
import { load, type Load } from './load.ts'
import { postgresSeconds, roleFigures } from './processes.ts'

const full = { products: 2_000, warmMs: 3_000, forMs: 6_000 }
const quick = { products: 120, warmMs: 100, forMs: 300 }
const connections = 16

/** One operation of the manifest, and what it is asked about the nth time. */
interface Asked {
  readonly name: string
  readonly at: 'gateway' | 'edge'
  readonly variables: (nth: number) => Record<string, unknown>
}

interface Measured extends Load {
  readonly asked: Asked
  /** Milliseconds of processor time that a request cost, by process. */
  readonly cost: Readonly<Record<string, number>>
}

/**
 * What each operation costs each process, in processor time: the figures that pods are sized by. Everything runs on this machine, so
 * requests a second are of all of it together; the cost of a request hardly depends on that.
 */
export async function run({ quick: short, say }: BenchmarkOptions): Promise<BenchmarkReport> {
  const size = short ? quick : full
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startTestServer())
  process.env.AISLE_TEST_DATABASE_URL = server.url
  const database = stack.use(await testDatabase())
  const storage = stack.use(openPostgres(database.url))
  say(`Making a chain of ${size.products.toLocaleString('en')} products`)
  await importData(demoSource({ products: size.products, seed: 'capacity', now: Date.now() }), storage, {})
  await trainRecommendations(storage, {})
  await storage.pool.query('analyze')
  const stock = await storage.db.selectFrom('stock').select(['store_id', 'product_id']).orderBy('store_id').orderBy('product_id').execute()
  const storeId = stock[0]?.store_id ?? ''
  const products = stock.flatMap(({ store_id, product_id }) => (store_id === storeId ? [product_id] : []))
  const words = [...new Set((await storage.db.selectFrom('product').select('name').limit(500).execute()).flatMap(({ name }) => name.toLowerCase().split(/\W+/).filter((word) => word.length > 3)))]
  const product = (nth: number): string => products[(nth * 7_919) % products.length] ?? ''
  const sale = (nth: number) => ({ input: { operationId: `capacity-${process.pid}-${nth}`, storeId, productId: product(nth), kind: 'SALE', quantity: -1 } })
  const asked: Asked[] = [
    { name: 'ProductPage', at: 'gateway', variables: (nth) => ({ id: product(nth), storeId }) },
    { name: 'AppSearch', at: 'gateway', variables: (nth) => ({ query: words[nth % words.length], storeId }) },
    { name: 'AppHome', at: 'gateway', variables: () => ({ storeId }) },
    { name: 'ShelfLabel', at: 'gateway', variables: (nth) => ({ productId: product(nth), storeId }) },
    { name: 'RecordMovement', at: 'gateway', variables: sale },
    { name: 'ShelfLabel', at: 'edge', variables: (nth) => ({ productId: product(nth), storeId }) },
    { name: 'AppSearch', at: 'edge', variables: (nth) => ({ query: words[nth % words.length], storeId }) },
    { name: 'RecordMovement', at: 'edge', variables: (nth) => sale(1_000_000 + nth) },
  ]
  const running = stack.use(await startStack(database.url, storeId))
  const ids = await operationIds()
  const measured: Measured[] = []
  for (const each of asked) {
    say(`${each.name} at the ${each.at}`)
    const url = each.at === 'edge' ? running.edge.url : running.gateway.url
    const body = (nth: number): string => JSON.stringify({ documentId: ids.get(each.name)?.id, variables: each.variables(nth) })
    await load(url, body, { connections, forMs: size.warmMs, from: 0 })
    const before = await spent(running, server.pid)
    const result = await load(url, body, { connections, forMs: size.forMs, from: 100_000 })
    const after = await spent(running, server.pid)
    const cost = Object.fromEntries(Object.entries(after).map(([name, seconds]) => [name, ((seconds - (before[name] ?? 0)) * 1_000) / result.requests]))
    measured.push({ asked: each, ...result, cost })
  }
  return report(measured, await memory(running))
}

const rolesOf = (stack: Stack): [string, string][] => [['gateway', stack.gateway.url], ...subgraphNames.map((name): [string, string] => [name, stack.role(name).url]), ['origin', stack.role('origin').url], ['edge', stack.edge.url]]

async function spent(stack: Stack, postgresPid: number): Promise<Record<string, number>> {
  const roles = await Promise.all(rolesOf(stack).map(async ([name, url]): Promise<[string, number]> => [name, (await roleFigures(url)).cpuSeconds]))
  return { ...Object.fromEntries(roles), postgres: await postgresSeconds(postgresPid) }
}

async function memory(stack: Stack): Promise<[string, number][]> {
  return Promise.all(rolesOf(stack).map(async ([name, url]): Promise<[string, number]> => [name, (await roleFigures(url)).memoryBytes / 2 ** 20]))
}

function report(measured: readonly Measured[], used: readonly [string, number][]): BenchmarkReport {
  const columns = ['gateway', ...subgraphNames, 'postgres', 'origin', 'edge']
  const rows = measured.map(({ asked: { name, at }, perSecond, p50, p99, cost }) => `| ${name} at the ${at} | ${perSecond.toFixed(0)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${columns.map((column) => (cost[column] ?? 0).toFixed(2)).join(' | ')} |`)
  const head = ['operation', 'requests/s', 'p50 ms', 'p99 ms', ...columns.map((column) => `${column} CPU ms`)]
  const table = [
    `| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows, '',
    `Memory at the end, MB: ${used.map(([name, megabytes]) => `${name} ${megabytes.toFixed(0)}`).join(', ')}.`,
  ].join('\n')
  const figures = measured.flatMap(({ asked: { name, at }, perSecond, p99, cost }) => [
    [`${at}.${name}.requests_per_second`, perSecond], [`${at}.${name}.p99_ms`, p99],
    ...columns.map((column): [string, number] => [`${at}.${name}.${column}_cpu_ms`, cost[column] ?? 0]),
  ])
  return { table, figures: Object.fromEntries(figures) as Record<string, number> }
}
