import { expect, test } from '@jest/globals'
import { request } from 'undici'
import { deliveryOf } from '../../edge-cache/node/http-delivery.ts'
import { HttpOrigin } from '../../edge-cache/node/http-origin.ts'
import { movement, protocolHeaders, startTestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { Gate } from '../../runtime/gate.ts'
import { createPostgresSource } from '../../subgraphs/log/postgres-source.ts'
import { askedToWait, pause } from '../../subgraphs/log/backoff.ts'
import { openConnection } from '../../subgraphs/log/connection.ts'
import { openTestLog, putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { until } from '../../subgraphs/log/testing/until.ts'
import { LightFollower } from '../bench/log/light-follower.ts'

const stores = 150
const online = 10

function percentile99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN
}

test('many stores that return in the same moment are let in a few at a time, those at the head keep their p99, and all catch up', async () => {
  // Little room, so that few suffice for a crowd.
  await using origin = await startTestOrigin(undefined, 0, { connections: 3, queue: 5 })
  await origin.log.write(`insert into store (id, name, timezone) select 's' || i, 'Store ' || i, 'Europe/Madrid' from generate_series(1, ${stores}) i`)
  const head = async (): Promise<number> => {
    const { rows } = await origin.log.storage.pool.query<{ batch: number; waiting: boolean }>('select batch, exists (select from outbox) as waiting from log_fence')
    return rows[0]?.waiting === false ? rows[0].batch : 0
  }
  await until(async () => (await head()) > 0)
  const epoch = await origin.log.epoch()
  const { rows } = await origin.log.storage.pool.query<{ position: number }>("select position from log_scope where scope = 'chain'")
  const start = { epoch, batch: await head() }
  const positions = { chain: rows[0]?.position ?? 0 }
  // More changes than origin keeps in memory, none of which it has read.
  await origin.log.write(`insert into stock (store_id, product_id, on_hand, updated_at) select 's' || (1 + i % ${stores}), 'p' || i, i, 0 from generate_series(1, 20000) i`)
  await until(async () => (await head()) > start.batch)
  const behind = await head()

  // What is written for those who stayed, and how long each change took to them, in milliseconds.
  const { rows: places } = await origin.log.storage.pool.query<{ scope: string; position: number }>('select scope, position from log_scope')
  const heard: number[] = []
  const atHead = Array.from({ length: online }, (_unused, i) =>
    new LightFollower(origin.url, `s${i + 1}`, { epoch, batch: behind }, Object.fromEntries(places.map(({ scope, position }) => [scope, position])), (writtenAt, appliedAt) => heard.push(appliedAt - writtenAt)))
  for (const follower of atHead) follower.connect()
  let written = 0
  const writeWhile = async (goesOn: () => boolean): Promise<void> => {
    while (goesOn()) {
      await origin.log.write(`update stock set updated_at = ${Date.now()} where store_id = 's${1 + (written % online)}' and product_id = (select min(product_id) from stock where store_id = 's${1 + (written % online)}')`)
      written += 1
      await pause(5)
    }
    await until(() => heard.length === written)
  }
  await writeWhile(() => written < 20)
  heard.length = 0
  written = 0

  const followers = Array.from({ length: stores }, (_unused, i) => new LightFollower(origin.url, `s${i + 1}`, start, positions, () => {}))
  const began = performance.now()
  for (const follower of followers) follower.connect()
  let took = Infinity
  const caughtUp = until(() => followers.every(({ place }) => place.batch >= behind)).then(() => (took = performance.now() - began))
  await writeWhile(() => took === Infinity)
  await caughtUp
  const changes = followers.reduce((sum, follower) => sum + follower.changes, 0)
  expect(changes).toBeGreaterThanOrEqual(20_000)
  // Who waited behind the crowd, or in its turn, would wait for most of the time that the crowd takes.
  expect(percentile99(heard)).toBeLessThan(Math.max(1_000, took / 2))
  await Promise.all([...atHead, ...followers].map((follower) => follower.disconnect()))
}, 60_000)

test('with no room left for those who return, who follows at the head is answered, then the oldest of the others first, and all get through', async () => {
  await using log = await openTestLog()
  const gate = () => new Gate({ atOnce: 1, queue: 2 })
  const gates = { returns: gate(), changes: gate(), copies: gate(), wholeCopies: gate() }
  await using source = createPostgresSource(log.storage, { keepTail: true, gates })
  const batch = await log.commit(...['s1', 's2', 's3', 's4'].map((id) => putStore(id)))
  const epoch = await log.epoch()
  const behind = await log.commit(...['s1', 's2', 's3'].map((id) => putStock(id, 'p1', 1)))
  const order: string[] = []
  const ask = async (storeId: string, after: number, waitMs: number): Promise<void> => {
    const { parts } = await source.changes(['chain', `store:${storeId}`], { epoch, batch: after }, { waitMs })
    expect(parts.flatMap(({ changes }) => changes.map(({ key }) => key[0]))).toEqual([storeId])
    order.push(storeId)
  }
  const leaves = [await gates.returns.hold(), await gates.changes.hold()]
  const following = ask('s4', behind, 30_000)
  await until(() => source.waiting > 0)
  const waiting: Promise<void>[] = []
  for (const storeId of ['s1', 's2']) {
    waiting.push(ask(storeId, batch, 0))
    await until(() => source.catchUpsWaiting === waiting.length)
  }
  await expect(ask('s3', batch, 0)).rejects.toMatchObject({ code: 'ORIGIN_BUSY' })
  await log.commit(putStock('s4', 'p1', 1))
  await following
  expect(order).toEqual(['s4'])
  for (const leave of leaves) leave()
  await Promise.all(waiting)
  await ask('s3', batch, 0)
  expect(order).toEqual(['s4', 's1', 's2', 's3'])
})

test('writes of many stores at once are let in a few at a time: who is turned away comes back, and all are recorded once', async () => {
  const crowd = 24
  await using origin = await startTestOrigin(undefined, 0, { connections: 2, queue: 6 })
  await origin.log.write(putProduct('p1', 'Tea'), `insert into store (id, name, timezone) select 's' || i, 'Store ' || i, 'Europe/Madrid' from generate_series(1, ${crowd}) i`)
  let turnedAway = 0
  const deliver = async (storeId: string): Promise<number> => {
    await using node = new HttpOrigin({ origin: origin.url, storeId })
    const client = deliveryOf(node)
    const operations = Array.from({ length: 3 }, (_unused, nth) => ({ ...movement(nth + 1, 1, { incarnation: storeId, principal: storeId }, { storeId, operationId: `${storeId}-${nth}` }), kind: 'recordStockMovement' as const }))
    for (let tries = 1; ; tries += 1) {
      try {
        const results = await client.deliver(operations, AbortSignal.timeout(60_000))
        expect(results.every(({ recorded }) => recorded)).toBe(true)
        return tries
      } catch (error) {
        expect(error).toMatchObject({ code: 'ORIGIN_BUSY' })
        turnedAway += 1
        await pause(askedToWait(error))
      }
    }
  }
  const tries = await Promise.all(Array.from({ length: crowd }, (_unused, nth) => deliver(`s${nth + 1}`)))
  expect(turnedAway).toBeGreaterThan(0)
  // None is turned away for ever while others pass.
  expect(Math.max(...tries)).toBeLessThanOrEqual(10)
  const { rows } = await origin.log.storage.pool.query<{ stores: number; movements: number }>('select count(distinct store_id)::int as stores, count(*)::int as movements from movement')
  expect(rows).toEqual([{ stores: crowd, movements: crowd * 3 }])
})

test('who finds no room is told when to come back, and comes no sooner', async () => {
  await using origin = await startTestOrigin(undefined, 0, { copies: 1, queue: 1 })
  await origin.log.write("insert into store (id, name, timezone) values ('s1', 'Store', 'Europe/Madrid')")
  const ask = () => request(`${origin.url}/sync/stores/s1/digests`, { method: 'POST', headers: { ...protocolHeaders, 'content-type': 'application/json' }, body: JSON.stringify({ entity: 'stock', columns: [] }) })
  // While the log is being moved no state can be taken: the first waits, the second waits for the first.
  const holder = await openConnection(origin.log.storage)
  await holder.query('begin; select from log_fence where id = 1 for update')
  const waiting = [ask(), ask()]
  const figures = async () => (await (await request(`${origin.url}/metrics`)).body.text()).match(/aisle_origin_copies_waiting\{[^}]*\} (\d+)/)?.[1]
  await until(async () => Number(await figures()) > 0)
  const turnedAway = await ask()
  expect(turnedAway.statusCode).toBe(503)
  expect(Number(turnedAway.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  expect(await turnedAway.body.json()).toMatchObject({ error: { code: 'ORIGIN_BUSY' } })
  await using node = new HttpOrigin({ origin: origin.url, storeId: 's1' })
  const error = await node.json({ method: 'POST', path: 'digests', body: JSON.stringify({ entity: 'stock', columns: [] }) }, (answer) => answer).catch((reason: unknown) => reason)
  expect(askedToWait(error)).toBeGreaterThanOrEqual(1_000)
  await holder.query('rollback')
  await holder.end()
  for (const answer of await Promise.all(waiting)) {
    expect(answer.statusCode).toBe(200)
    await answer.body.dump()
  }
})
