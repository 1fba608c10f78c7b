import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Gate } from '../../runtime/gate.ts'
import { createPostgresSource, type PostgresSource } from './postgres-source.ts'
import type { Snapshot } from './source.ts'
import { openTestLog, putStock, putStore, type TestLog } from './testing/test-log.ts'
import { until } from './testing/until.ts'

const scopes = ['chain', 'store:s1']

let log: TestLog
let source: PostgresSource
beforeEach(async () => {
  log = await openTestLog()
  await log.commit(putStore('s1'), putStock('s1', 'p1', 1))
  source = createPostgresSource(log.storage)
})
afterEach(async () => {
  await source[Symbol.asyncDispose]()
  await log[Symbol.asyncDispose]()
})

async function drain(chunks: Snapshot['chunks']): Promise<number> {
  let rows = 0
  for await (const chunk of chunks) rows += chunk.rows.length
  return rows
}

test('whoever gives up while waiting for its turn leaves the turn to others', async () => {
  // As many as are made at once, so that the next one waits for a connection.
  const held = await Promise.all(Array.from({ length: 4 }, () => source.snapshot(scopes)))
  for (let round = 0; round < 4; round += 1) {
    const impatient = new AbortController()
    const given = source.snapshot(scopes, { signal: impatient.signal })
    await until(() => source.copiesWaiting > 0)
    impatient.abort()
    const first = held.shift()
    if (first !== undefined) await drain(first.chunks)
    await expect(given).rejects.toThrow()
    held.push(await source.snapshot(scopes))
  }
  expect(await Promise.all(held.map(({ chunks }) => drain(chunks)))).toEqual([2, 2, 2, 2])
})

test('a whole copy has its place until its last row is taken, or nobody wants more', async () => {
  const gate = () => new Gate({ atOnce: 1, queue: 1 })
  const gates = { changes: gate(), copies: gate(), wholeCopies: gate() }
  await using gated = createPostgresSource(log.storage, { gates })
  const first = await gated.snapshot(scopes)
  const impatient = new AbortController()
  const second = gated.snapshot(scopes, { signal: impatient.signal })
  await expect(gated.snapshot(scopes)).rejects.toMatchObject({ code: 'ORIGIN_BUSY', details: { retryAfterSeconds: 1 } })
  // Whoever compares is not kept waiting by it.
  await gated.ranges?.digests(scopes, { entity: 'stock', columns: [] })
  expect(gated.copiesWaiting).toBe(1)
  expect(await drain(first.chunks)).toBe(2)
  await second
  const third = gated.snapshot(scopes)
  expect(gated.copiesWaiting).toBe(1)
  // Gone before it took a row.
  impatient.abort()
  expect(await drain((await third).chunks)).toBe(2)
  expect(await drain((await gated.snapshot(scopes)).chunks)).toBe(2)
})

test('a server that goes away between two reads of a copy fails that copy and nothing else', async () => {
  const { chunks } = await source.snapshot(scopes)
  const ended = log.storage.pool.query(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and query like '%count(*)%'",
  )
  expect((await ended).rows).toEqual([{ pg_terminate_backend: true }])
  await expect(drain(chunks)).rejects.toThrow()
  expect(await drain((await source.snapshot(scopes)).chunks)).toBe(2)
})
