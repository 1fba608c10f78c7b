import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { testDatabase } from '../../../local/testing/postgres.ts'
import type { BenchmarkOptions, BenchmarkReport } from '../command.ts'
import { seed, startLoad } from './load.ts'
import type { Order, Report } from './messages.ts'

const here = (file: string): string => new URL(file, import.meta.url).pathname

/**
 * Thousands of stores follow one origin over HTTP while their levels change: how long a change takes from its statement to the
 * follower, and how long all of them need when they return at once. One of them is a real node with its replica.
 */
export async function run({ quick, say }: BenchmarkOptions): Promise<BenchmarkReport> {
  const stores = quick ? 300 : 3_000
  const rate = quick ? 100 : 1_000
  const seconds = quick ? 3 : 25
  const awaySeconds = quick ? 2 : 15
  const online = Math.ceil(stores / 10)
  const productsEach = 10
  await using stack = new AsyncDisposableStack()
  const { url } = stack.use(await testDatabase())
  say(`${stores} stores are made`)
  await seed(url, stores, productsEach)
  const origin = start(stack, 'origin-process.ts', [JSON.stringify({ databaseUrl: url, port: 0, host: '127.0.0.1' })])
  const [{ url: originUrl }] = (await once(origin, 'message')) as [{ url: string }]
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  stack.defer(() => database.end())
  const head = async (): Promise<{ epoch: string; batch: number }> => {
    const { rows } = await database.query<{ epoch: string; batch: string; waiting: boolean }>('select epoch, batch, exists (select from outbox) as waiting from log_fence')
    const [fence] = rows
    return { epoch: fence?.epoch ?? '', batch: fence?.waiting === true ? 0 : Number(fence?.batch) }
  }
  while ((await head()).batch === 0) await sleep(50)
  const { epoch, batch } = await head()
  const places = await database.query<{ scope: string; position: string }>('select scope, position from log_scope')
  const positions = Object.fromEntries(places.rows.map(({ scope, position }) => [scope, Number(position)]))

  const node = start(stack, 'node-process.ts', [originUrl, 's1'])
  const followers = start(stack, 'followers-process.ts', [])
  const storeIds = Array.from({ length: stores }, (_unused, i) => `s${i + 1}`)
  await tell(followers, { kind: 'start', origin: originUrl, storeIds, epoch, batch, positions })
  while (!(await askNode(node, 'figures')).ready) await sleep(50)
  say('all follow')

  const load = stack.use(startLoad(url, { stores, productsEach, rate }))
  await sleep(quick ? 500 : 5_000)
  await tell(followers, { kind: 'forget' })
  await askNode(node, 'forget')
  const before = load.written
  const began = performance.now()
  await sleep(seconds * 1000)
  const steady = await tell(followers, { kind: 'figures' })
  const written = (load.written - before) / ((performance.now() - began) / 1000)
  const real = await askNode(node, 'figures')
  say(`${stores - online} of them go away for ${awaySeconds} s`)
  await tell(followers, { kind: 'drop', keep: online })
  await sleep(awaySeconds * 1000)
  const { rows } = await database.query<{ batch: string }>('select batch from log_fence')
  const storm = await tell(followers, { kind: 'return', batch: Number(rows[0]?.batch) })
  const settings = await database.query<{ fsync: string }>('show fsync')
  followers.send({ kind: 'stop' } satisfies Order)

  const figures = {
    'apply.p50_ms': at(steady.latencies, 0.5),
    'apply.p99_ms': at(steady.latencies, 0.99),
    'apply.node_p50_ms': at(real.latencies, 0.5),
    'apply.node_p99_ms': at(real.latencies, 0.99),
    'load.changes_per_second': Math.round(written),
    'reconnect.half_ms': at(storm.caughtUp, 0.5),
    'reconnect.all_ms': at(storm.caughtUp, 1),
    'reconnect.online_p99_ms': at(storm.latencies, 0.99),
    'reconnect.refusals': storm.refusals,
  }
  const table = [
    `${stores} stores on one origin, ${figures['load.changes_per_second']} changes/s, each in a transaction of its own (fsync ${settings.rows[0]?.fsync ?? '?'}), everything on this machine`,
    `from the write's statement to the follower   p50 ${figures['apply.p50_ms']} ms   p99 ${figures['apply.p99_ms']} ms   (${steady.latencies.length} changes)`,
    `the same to a real node's replica            p50 ${figures['apply.node_p50_ms']} ms   p99 ${figures['apply.node_p99_ms']} ms   (${real.latencies.length} changes)`,
    `${stores - online} return at once after ${awaySeconds} s         half caught up in ${figures['reconnect.half_ms']} ms, all in ${figures['reconnect.all_ms']} ms; told to come later ${figures['reconnect.refusals']} times`,
    `changes of the stores that stayed, meanwhile  p99 ${figures['reconnect.online_p99_ms']} ms`,
  ].join('\n')
  return { table, figures }
}

function start(stack: AsyncDisposableStack, file: string, parameters: readonly string[]): ChildProcess {
  const child = fork(here(file), [...parameters], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    if (child.connected) child.disconnect()
    await once(child, 'exit')
  })
  return child
}

async function tell(child: ChildProcess, order: Order): Promise<Report> {
  child.send(order)
  const [report] = (await once(child, 'message')) as [Report]
  return report
}

async function askNode(child: ChildProcess, order: 'figures' | 'forget'): Promise<{ readonly latencies: readonly number[]; readonly ready: boolean }> {
  child.send(order)
  const [answer] = (await once(child, 'message')) as [{ latencies: readonly number[]; ready: boolean }]
  return answer
}

/** The value below which this share of a sorted list lies. */
function at(sorted: readonly number[], share: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10) / 10
}
