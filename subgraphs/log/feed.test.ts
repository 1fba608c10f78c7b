import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Batch, Change, ChangeFeed } from '../shared/changes.ts'
import { coalesce } from './batch-queue.ts'
import { openChangeFeed } from './feed.ts'
import { createLocalFeed } from './local-feed.ts'
import { openTestLog, putProduct, putStock, putStore, type TestLog } from './testing/test-log.ts'

function change(key: string, position: number, scope = 'store:s1'): Change {
  return { scope, position, entity: 'stock', key: ['s1', key], op: 'put', row: { on_hand: position } }
}

async function take(batches: AsyncIterator<Batch>, count: number): Promise<Batch[]> {
  const taken: Batch[] = []
  while (taken.length < count) {
    const { value, done } = await batches.next()
    if (done === true) break
    taken.push(value)
  }
  return taken
}

/** The first batch from this number on: a subscription may begin with one that became visible a moment before. */
async function takeFrom(batches: AsyncIterator<Batch>, number: number): Promise<Batch | undefined> {
  for (;;) {
    const [batch] = await take(batches, 1)
    if (batch === undefined || batch.number >= number) return batch
  }
}

describe('a local feed', () => {
  test('gives each subscriber the changes of its scope, in order', async () => {
    const feed = createLocalFeed()
    const [one, same, other] = [feed.subscribe('store:s1'), feed.subscribe('store:s1'), feed.subscribe('store:s2')]
    feed.publish({ number: 1, at: 1, changes: [change('a', 1), change('x', 1, 'store:s2')] })
    feed.publish({ number: 2, at: 2, changes: [change('b', 2)] })
    feed.end()
    const expected = [{ number: 1, at: 1, changes: [change('a', 1)] }, { number: 2, at: 2, changes: [change('b', 2)] }]
    expect(await take(one, 9)).toEqual(expected)
    expect(await take(same, 9)).toEqual(expected)
    expect(await take(other, 9)).toEqual([{ number: 1, at: 1, changes: [change('x', 1, 'store:s2')] }])
  })

  test('keeps only the newest of each key for a reader that falls behind', async () => {
    const feed = createLocalFeed()
    const slow = feed.subscribe('store:s1')
    const rounds = 5_000
    for (let i = 1; i <= rounds; i += 1) feed.publish({ number: i, at: i, changes: [change(`p${i % 7}`, i)] })
    feed.end()
    const received = await take(slow, rounds)
    expect(received.length).toBeLessThan(1_100)
    expect(received.at(-1)?.number).toBe(rounds)
    const newest = new Map(received.flatMap((batch) => batch.changes.map((each) => [each.key[1], each.position])))
    expect([...newest.values()].toSorted((a, b) => a - b)).toEqual([4994, 4995, 4996, 4997, 4998, 4999, 5000])
    const positions = received.flatMap((batch) => batch.changes.map(({ position }) => position))
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
  })

  test('ends with its signal, with the loop that reads it, and with an error for all', async () => {
    const feed = createLocalFeed()
    const stop = new AbortController()
    const stopped = feed.subscribe('store:s1', stop.signal)
    const waiting = stopped.next()
    stop.abort()
    expect(await waiting).toMatchObject({ done: true })
    expect(await feed.subscribe('store:s1', stop.signal).next()).toMatchObject({ done: true })
    const read = feed.subscribe('store:s1')
    feed.publish({ number: 1, at: 1, changes: [change('a', 1)] })
    for await (const _batch of read) break
    expect(feed.scopes.size).toBe(0)
    const failing = feed.subscribe('store:s1')
    const next = failing.next()
    feed.end(new Error('interrupted'))
    await expect(next).rejects.toThrow('interrupted')
    expect(await failing.next()).toMatchObject({ done: true })
  })
})

test('merging leaves what applying every batch would leave', () => {
  const batches = [1, 2, 3].map((number): Batch => ({ number, at: number, changes: [change(`p${number % 2}`, number * 2), { ...change('gone', number * 2 + 1), op: number === 3 ? 'delete' : 'put' }] }))
  expect(coalesce(batches)).toMatchObject({ number: 3, at: 3, changes: [{ key: ['s1', 'p0'], position: 4 }, { key: ['s1', 'p1'], position: 6 }, { key: ['s1', 'gone'], op: 'delete' }] })
})

describe('the feed of the cloud', () => {
  let log: TestLog
  let feed: ChangeFeed & AsyncDisposable
  beforeEach(async () => {
    log = await openTestLog()
    await log.commit(putStore('s1'))
    feed = await openChangeFeed(log.storage)
  })
  afterEach(async () => {
    await feed[Symbol.asyncDispose]()
    await log[Symbol.asyncDispose]()
  })

  test('gives what becomes visible after the call, whole batches, scope by scope', async () => {
    await log.write(putStock('s1', 'settled', 1))
    const settled = feed.subscribe('store:s1')
    const moved = await log.move()
    expect(await takeFrom(settled, moved?.batch ?? 0)).toMatchObject({ changes: [{ key: ['s1', 'settled'] }] })
    const store = feed.subscribe('store:s1')
    const chain = feed.subscribe('chain')
    const number = await log.commit(putStock('s1', 'p1', 1), putStock('s1', 'p2', 1), putProduct('p1', 'Tea'), putStock('s2', 'p1', 1))
    expect(await takeFrom(store, number)).toMatchObject({ number, changes: [{ key: ['s1', 'p1'] }, { key: ['s1', 'p2'] }] })
    expect(await takeFrom(chain, number)).toMatchObject({ number, changes: [{ key: ['p1'] }] })
  })

  test('loses nothing when its connections are cut, nor when scopes join meanwhile', async () => {
    const store = feed.subscribe('store:s1')
    const received: unknown[] = []
    const reading = (async () => {
      for await (const batch of store) {
        received.push(...batch.changes.map(({ key }) => key[1]))
        if (received.at(-1) === 'p59') return
      }
    })()
    const others: AsyncIterableIterator<Batch>[] = []
    for (let i = 0; i < 60; i += 1) {
      if (i % 20 === 5) {
        await log.storage.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and (query like 'listen%' or query like '%unnest%') and pid <> pg_backend_pid()")
      }
      if (i % 10 === 3) others.push(feed.subscribe(`store:other${i}`))
      await log.commit(putStock('s1', `p${i}`, i), ...(i % 10 === 3 ? [putStock(`other${i}`, 'p', 1)] : []))
    }
    await reading
    expect(received).toEqual(Array.from({ length: 60 }, (_unused, i) => `p${i}`))
    for (const other of others) expect((await take(other, 1))[0]?.changes).toHaveLength(1)
  })

  test('gives a batch that is bigger than a page in one piece', async () => {
    const store = feed.subscribe('store:s1')
    await log.commit("insert into stock (store_id, product_id, on_hand, updated_at) select 's1', 'p' || i, i, 0 from generate_series(1, 3500) i")
    const [batch] = await take(store, 1)
    expect(batch?.changes.map(({ position }) => position)).toEqual(Array.from({ length: 3_500 }, (_unused, i) => i + 1))
  })

  test('tells its subscribers when the log was restarted, and serves new ones', async () => {
    const store = feed.subscribe('store:s1')
    const next = store.next()
    await log.storage.pool.query("update log_fence set epoch = 'restored', batch = 0; delete from log; delete from log_batch; delete from log_scope; select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen%'")
    await log.commit(putStock('s1', 'p1', 1))
    await expect(next).rejects.toMatchObject({ code: 'SUBSCRIPTION_INTERRUPTED' })
    const again = feed.subscribe('store:s1')
    const waiting = take(again, 1)
    await log.commit(putStock('s1', 'p1', 2))
    expect((await waiting)[0]?.changes[0]?.key).toEqual(['s1', 'p1'])
  })
})
