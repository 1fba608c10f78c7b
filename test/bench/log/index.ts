import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { testDatabase } from '../../../local/testing/postgres.ts'
import type { BenchmarkOptions, BenchmarkReport } from '../command.ts'
import { ask, askNode, startProcess, watchQuietly, watchReturn, type Cast } from './cast.ts'
import { seed, startLoad } from './load.ts'
import type { Order } from './messages.ts'

/**
 * Thousands of stores follow one origin over HTTP while their levels change: how long a change takes from its statement to the
 * follower, and how long all of them need when they return at once, first for what origin keeps in memory, then for more than that. One of
 * them is a real node with its replica.
 */
export async function run({ quick, say }: BenchmarkOptions): Promise<BenchmarkReport> {
  const stores = quick ? 300 : 3_000
  const rate = quick ? 100 : 1_000
  const awaySeconds = quick ? 2 : 15
  const online = Math.ceil(stores / 10)
  const productsEach = 10
  await using stack = new AsyncDisposableStack()
  const { url } = stack.use(await testDatabase())
  say(`${stores} stores are made`)
  await seed(url, stores, productsEach)
  const origin = startProcess(stack, 'origin-process.ts', [JSON.stringify({ databaseUrl: url, port: 0, host: '127.0.0.1' })])
  const [{ url: originUrl }] = (await once(origin, 'message')) as [{ url: string }]
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  stack.defer(() => database.end())
  const place = await placeWhenMoved(database)

  const node = startProcess(stack, 'node-process.ts', [originUrl, 's1'])
  const storeIds = Array.from({ length: stores }, (_unused, i) => `s${i + 1}`)
  const follow = async (of: readonly string[]): Promise<ChildProcess> => {
    const child = startProcess(stack, 'followers-process.ts', [])
    await ask(child, { kind: 'start', origin: originUrl, storeIds: of, ...place })
    return child
  }
  const cast: Cast = { origin, node, database, staying: await follow(storeIds.slice(0, online)), leaving: await follow(storeIds.slice(online)) }
  while (!(await askNode(node, 'figures')).ready) await sleep(50)
  say('all follow')

  const load = stack.use(startLoad(url, { stores, productsEach, rate }))
  await sleep(quick ? 500 : 5_000)
  const before = load.written
  const began = performance.now()
  const quiet = await watchQuietly(cast, load, quick ? 3_000 : 25_000)
  const written = (load.written - before) / ((performance.now() - began) / 1000)
  say(`${stores - online} of them go away for ${awaySeconds} s`)
  await ask(cast.leaving, { kind: 'drop', forget: false })
  await sleep(awaySeconds * 1000)
  const storm = await watchReturn(cast, load)
  say('they go away again, and have forgotten all that came since the beginning')
  await ask(cast.leaving, { kind: 'drop', forget: true })
  await sleep((awaySeconds * 1000) / 3)
  const older = await watchReturn(cast, load)
  const settings = await database.query<{ fsync: string }>('show fsync')
  for (const child of [cast.staying, cast.leaving]) child.send({ kind: 'stop' } satisfies Order)

  const figures = {
    'apply.p50_ms': at(quiet.all, 0.5),
    'apply.p99_ms': at(quiet.all, 0.99),
    'apply.node_p50_ms': at(quiet.node, 0.5),
    'apply.node_p99_ms': at(quiet.node, 0.99),
    'apply.write_p99_ms': at(quiet.writes, 0.99),
    'load.changes_per_second': Math.round(written),
    'reconnect.half_ms': at(storm.caughtUp, 0.5),
    'reconnect.all_ms': at(storm.caughtUp, 1),
    'reconnect.online_p99_ms': at(storm.stayed, 0.99),
    'reconnect.write_p99_ms': at(storm.writes, 0.99),
    'reconnect.refusals': storm.refusals,
    'reconnect_old.half_ms': at(older.caughtUp, 0.5),
    'reconnect_old.all_ms': at(older.caughtUp, 1),
    'reconnect_old.online_p99_ms': at(older.stayed, 0.99),
    'reconnect_old.write_p99_ms': at(older.writes, 0.99),
    'reconnect_old.refusals': older.refusals - storm.refusals,
  }
  const returning = (name: 'reconnect' | 'reconnect_old'): string[] => [
    `   half caught up in ${figures[`${name}.half_ms`]} ms, all in ${figures[`${name}.all_ms`]} ms; told to come later ${figures[`${name}.refusals`]} times`,
    `   meanwhile, changes of the stores that stayed: p99 ${figures[`${name}.online_p99_ms`]} ms (the writes' statements themselves ${figures[`${name}.write_p99_ms`]} ms)`,
  ]
  const table = [
    `${stores} stores on one origin, ${figures['load.changes_per_second']} changes/s, each in a transaction of its own (fsync ${settings.rows[0]?.fsync ?? '?'}), everything on this machine`,
    `from the write's statement to the follower   p50 ${figures['apply.p50_ms']} ms   p99 ${figures['apply.p99_ms']} ms   (${quiet.all.length} changes)`,
    `the same to a real node's replica            p50 ${figures['apply.node_p50_ms']} ms   p99 ${figures['apply.node_p99_ms']} ms   (${quiet.node.length} changes)`,
    `${stores - online} return at once after ${awaySeconds} s`,
    ...returning('reconnect'),
    `${stores - online} return at once for more than origin keeps in memory`,
    ...returning('reconnect_old'),
    'event loops, late at p99 (at most) and processors used',
    `   following   ${quiet.loops}`,
    `   returning   ${storm.loops}`,
    `   for more    ${older.loops}`,
  ].join('\n')
  return { table, figures }
}

/** Where the log stands once all that was written is in it. */
async function placeWhenMoved(database: pg.Client): Promise<{ epoch: string; batch: number; positions: Readonly<Record<string, number>> }> {
  for (;;) {
    const { rows } = await database.query<{ epoch: string; batch: string; waiting: boolean }>('select epoch, batch, exists (select from outbox) as waiting from log_fence')
    const [fence] = rows
    if (fence !== undefined && !fence.waiting && Number(fence.batch) > 0) {
      const places = await database.query<{ scope: string; position: string }>('select scope, position from log_scope')
      return { epoch: fence.epoch, batch: Number(fence.batch), positions: Object.fromEntries(places.rows.map(({ scope, position }) => [scope, Number(position)])) }
    }
    await sleep(50)
  }
}

/** The value below which this share of a sorted list lies. */
function at(sorted: readonly number[], share: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10) / 10
}
