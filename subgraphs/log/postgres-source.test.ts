import { expect, jest, test } from '@jest/globals'
import { Gate } from '../../runtime/gate.ts'
import { logChannel } from './fence.ts'
import { entities } from '../storage/entities.ts'
import { createPostgresSource } from './postgres-source.ts'
import { pagesStatement } from './read-changes.ts'
import type { BatchPart, ChangesPage } from './source.ts'
import { registerLogSourceTests } from './testing/source-suite.ts'
import { openTestLog, putProduct, putStock, putStore } from './testing/test-log.ts'
import { until } from './testing/until.ts'

for (const keepTail of [false, true]) {
  registerLogSourceTests(keepTail ? 'Postgres, the newest of it in memory' : 'Postgres', async ({ storage }) => {
    const source = createPostgresSource(storage, { keepTail })
    return { source, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() }
  })
}

test('goes on waiting through the loss of every connection', async () => {
  await using log = await openTestLog()
  await using source = createPostgresSource(log.storage)
  const batch = await log.commit(putStore('s1'))
  const waiting = source.changes(['store:s1'], { epoch: await log.epoch(), batch }, { waitMs: 30_000 })
  await log.storage.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen%'")
  await log.commit(putStock('s1', 'p1', 1))
  expect((await waiting).parts).toMatchObject([{ number: batch + 1 }])
})

test('finds the changes of one scope among many without reading the others', async () => {
  await using log = await openTestLog()
  await log.commit("insert into stock (store_id, product_id, on_hand, updated_at) select 's' || i % 3000, 'p' || i, i, 0 from generate_series(1, 30000) i")
  await log.storage.pool.query('analyze log')
  const { rows } = await log.storage.pool.query<{ 'QUERY PLAN': string }>(`explain ${pagesStatement}`, [['chain', 'store:s1'], [0, 0], [0, 0], [10, 10], [0]])
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index Scan using log_scope_batch')
})

test('a notification that nobody of Aisle sent only wakes', async () => {
  await using log = await openTestLog()
  await using source = createPostgresSource(log.storage)
  const batch = await log.commit(putStore('s1'))
  const waiting = source.changes(['store:s1'], { epoch: await log.epoch(), batch }, { waitMs: 30_000 })
  await until(() => source.waiting > 0)
  for (const payload of ['', 'anything', '{"batch":"x"}', 'null']) await log.storage.pool.query('select pg_notify($1, $2)', [logChannel, payload])
  await log.commit(putStock('s1', 'p1', 1))
  expect((await waiting).parts).toMatchObject([{ number: batch + 1 }])
})

test('a notification of a batch that never comes keeps nobody asking, and the next that does is heard', async () => {
  await using log = await openTestLog()
  await using source = createPostgresSource(log.storage)
  const batch = await log.commit(putStore('s1'))
  const cursor = { epoch: await log.epoch(), batch }
  const waiting = source.changes(['store:s1'], cursor, { waitMs: 500 })
  await until(() => source.waiting > 0)
  const asked = jest.spyOn(log.storage.pool, 'query')
  await log.storage.pool.query('select pg_notify($1, $2)', [logChannel, JSON.stringify({ batch: 999_999_999, scopes: ['store:s1'] })])
  expect((await waiting).parts).toEqual([])
  // A statement that finds nothing takes about a millisecond.
  expect(asked.mock.calls.length).toBeLessThan(20)
  asked.mockRestore()
  const next = source.changes(['store:s1'], cursor, { waitMs: 30_000 })
  await log.commit(putStock('s1', 'p1', 1))
  expect((await next).parts).toMatchObject([{ number: batch + 1 }])
})

test('what came shortly before it started is answered from memory', async () => {
  await using log = await openTestLog()
  const first = await log.commit(putStore('s1'))
  for (let level = 1; level <= 5; level += 1) await log.commit(putStock('s1', 'p1', level))
  const gate = () => new Gate({ atOnce: 1, queue: 10 })
  const gates = { changes: gate(), copies: gate(), wholeCopies: gate() }
  await using source = createPostgresSource(log.storage, { keepTail: true, gates })
  const cursor = { epoch: await log.epoch(), batch: first }
  // The way to the database is closed.
  const leave = await gates.changes.hold()
  let page: ChangesPage | null = null
  await until(async () => {
    const impatience = new AbortController()
    const asked = source.changes(['chain', 'store:s1'], cursor, { signal: impatience.signal }).catch(() => null)
    let answered = false
    void asked.then(() => (answered = true))
    await until(() => answered || gates.changes.waiting > 0)
    impatience.abort()
    page = await asked
    return page !== null
  })
  const { parts } = page ?? { parts: [] as readonly BatchPart[] }
  expect(parts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5].map((nth) => first + nth))
  leave()
})

test('what a position of the chain adds up to is told anew when the log was taken back and came to it otherwise', async () => {
  await using log = await openTestLog()
  await using source = createPostgresSource(log.storage)
  const scopes = ['chain', 'store:s1']
  const digests = async () => {
    const answer = await source.ranges?.digests(scopes, { entity: 'product', columns: Object.keys(entities.product.columns) })
    return { position: answer?.header.positions.chain, ranges: answer?.ranges }
  }
  const kept = await log.commit(putStore('s1'), putProduct('p1', 'Tea'))
  await log.commit(putProduct('p1', 'Green tea'))
  const before = await digests()
  // Batches of others change nothing of it.
  await log.commit(putStock('s1', 'p1', 1))
  expect(await digests()).toEqual(before)
  await log.storage.pool.query(`begin; set local session_replication_role = replica; update product set name = 'Tea'; delete from stock;
    delete from log where batch > ${kept}; delete from log_batch where batch > ${kept};
    update log_scope s set position = coalesce((select max(l.position) from log l where l.scope = s.scope), 0); update log_fence set batch = ${kept}; commit`)
  await log.commit(putProduct('p1', 'Black tea'))
  const after = await digests()
  expect(after.position).toBe(before.position)
  expect(after.ranges).not.toEqual(before.ranges)
  await log.commit(putProduct('p1', 'Green tea'))
  expect((await digests()).ranges).toEqual(before.ranges)
})
