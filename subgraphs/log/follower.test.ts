import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AisleError } from '../../runtime/errors.ts'
import { createLogger } from '../../runtime/log.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { openReplica, type AppliedBatch, type Replica } from '../storage/sqlite/replica.ts'
import { startFollower, type Follower, type FollowerOptions } from './follower.ts'
import { createPostgresSource, type PostgresSource } from './postgres-source.ts'
import { startSequencer } from './sequencer.ts'
import type { LogSource } from './source.ts'
import { rowsInPostgres, rowsInReplica } from './testing/compare.ts'
import { openTestLog, putProduct, putStock, putStore, type TestLog } from './testing/test-log.ts'
import { until } from './testing/until.ts'
import { writeAtRandom } from './testing/writers.ts'

const scopes = ['chain', 'store:s1']
const silent = createLogger('test', 'silent')

let folder: string
let log: TestLog
let source: PostgresSource
let replica: Replica
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aisle-follower-'))
  log = await openTestLog()
  await log.commit(putStore('s1'), putStock('s1', 'p0', 1), putProduct('p0', 'Tea'))
  source = createPostgresSource(log.storage)
  replica = openReplica({ file: join(folder, 'replica.db'), scopes })
})
afterEach(async () => {
  replica.close()
  await source[Symbol.asyncDispose]()
  await log[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

function follow(options: Partial<FollowerOptions> = {}): Follower {
  return startFollower({ source, replica, log: silent, waitMs: 500, mostPauseMs: 300, ...options })
}

async function reaches(batch: number): Promise<void> {
  await until(() => (replica.position()?.batch ?? -1) >= batch)
}

async function onHand(productId: string): Promise<unknown> {
  using connection = replica.reader()
  return connection.prepare('select on_hand from stock where product_id = ?').get(productId)?.on_hand
}

describe('under many writers and two sequencers', () => {
  test.each([1_000, 3])('stands at cuts that Postgres really had, and ends with its rows (pages of %d)', async (limit) => {
    const sequencer = () => startSequencer(log.storage, { owner: 'test', tickMs: 1, leaseMs: 1_000, log: silent, metrics: createMetrics('test') })
    const broken: unknown[] = []
    const seen: number[] = []
    const check = (batches: readonly AppliedBatch[]): void => {
      seen.push(...batches.map(({ number }) => number))
      using connection = replica.reader()
      const rows = connection.prepare("select b.on_hand as b, a.on_hand as a from stock b left join stock a on a.product_id = 'a' where b.product_id = 'b' and (a.on_hand is null or b.on_hand > a.on_hand)").all()
      broken.push(...rows)
    }
    {
      await using _first = sequencer()
      await using _second = sequencer()
      const writers = Promise.all(Array.from({ length: 10 }, (_unused, i) => writeAtRandom(log.storage, i, 60)))
      await using follower = follow({ limit, onApplied: check, onReset: () => check([]) })
      await follower.ready()
      await writers
      await until(async () => (await log.storage.pool.query('select from outbox limit 1')).rowCount === 0)
      const { rows } = await log.storage.pool.query<{ batch: number }>('select batch from log_fence')
      await reaches(rows[0]?.batch ?? 0)
    }
    expect(broken).toEqual([])
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b))
    expect(rowsInReplica(replica)).toEqual(await rowsInPostgres(log.storage, 's1'))
  })
})

test('goes on where it stood after a restart, without another copy', async () => {
  let copies = 0
  {
    await using follower = follow({ onReset: () => (copies += 1) })
    await follower.ready()
  }
  replica.close()
  const batch = await log.commit(putStock('s1', 'p0', 2))
  replica = openReplica({ file: join(folder, 'replica.db'), scopes })
  await using follower = follow({ onReset: () => (copies += 1) })
  await follower.ready()
  await reaches(batch)
  expect(await onHand('p0')).toBe(2)
  expect(copies).toBe(1)
})

test('knows after a restart, without waiting for a change, that its source answers', async () => {
  {
    await using follower = follow()
    await follower.ready()
  }
  const waits: (number | undefined)[] = []
  const watched: LogSource = {
    snapshot: (...request) => source.snapshot(...request),
    changes(requested, after, request) {
      waits.push(request?.waitMs)
      return source.changes(requested, after, request)
    },
  }
  await using follower = follow({ source: watched, waitMs: 30_000 })
  await until(() => follower.online && waits.length === 2)
  expect(waits).toEqual([0, 30_000])
})

test('copies commits that are not yet in the log, and serves only once the log has them', async () => {
  await log.write(putStock('s1', 'p1', 7), putStock('s1', 'p0', 0))
  await using follower = follow()
  let ready = false
  const readied = follower.ready().then(() => (ready = true))
  await until(() => follower.online)
  expect(ready).toBe(false)
  expect(replica.position()).toBeNull()
  const moved = await log.move()
  await readied
  expect(replica.position()?.batch).toBe(moved?.batch)
  expect(await onHand('p1')).toBe(7)
})

test('takes a fresh copy when the log was restarted, and serves the old one until then', async () => {
  let copies = 0
  let blocked: Promise<void> | null = null
  const watched: LogSource = {
    changes: (...request) => source.changes(...request),
    async snapshot(...request) {
      await blocked
      return source.snapshot(...request)
    },
  }
  await using follower = follow({ source: watched, onReset: () => (copies += 1) })
  await follower.ready()
  const { promise, resolve } = Promise.withResolvers<void>()
  blocked = promise
  await log.storage.pool.query("update log_fence set epoch = 'restored'")
  await log.commit(putStock('s1', 'p0', 5))
  expect(await onHand('p0')).toBe(1)
  resolve()
  await until(() => replica.position()?.epoch === 'restored')
  expect(await onHand('p0')).toBe(5)
  expect(copies).toBe(2)
})

test('survives whatever its source does', async () => {
  const faults: ((real: LogSource) => Partial<LogSource>)[] = [
    () => ({ snapshot: () => Promise.reject(new Error('no')) }),
    () => ({
      snapshot: () => {
        throw new TypeError('not even a promise')
      },
    }),
    (real) => ({
      async snapshot(...request) {
        const { header, chunks } = await real.snapshot(...request)
        return {
          header,
          chunks: (async function* () {
            for await (const chunk of chunks) {
              yield chunk
              throw new AisleError('ORIGIN_UNREACHABLE')
            }
          })(),
        }
      },
    }),
    (real) => real,
    () => ({ changes: () => Promise.reject(new AisleError('ORIGIN_UNREACHABLE')) }),
    () => ({ changes: () => Promise.reject(null) }),
    () => ({ changes: async () => ({}) as never }),
    () => ({ changes: async (_scopes, after) => ({ parts: [], next: after, head: { epoch: after.epoch, batch: after.batch, at: 0, now: 0 } }) }),
  ]
  const links: boolean[] = []
  const real: LogSource = { snapshot: (...request) => source.snapshot(...request), changes: (...request) => source.changes(...request) }
  let calls = 0
  const call = (): LogSource => {
    const fault = faults[calls]
    calls += 1
    return { ...real, ...fault?.(real) }
  }
  const faulty: LogSource = {
    snapshot: (...request) => call().snapshot(...request),
    changes: (...request) => call().changes(...request),
  }
  await using follower = follow({ source: faulty, onLink: (up) => links.push(up) })
  await follower.ready()
  await until(() => calls >= faults.length)
  const batch = await log.commit(putStock('s1', 'p0', 9))
  await reaches(batch)
  expect(await onHand('p0')).toBe(9)
  expect(links.slice(-3)).toEqual([true, false, true])
  expect(follower.online).toBe(true)
})

test('does not spin when its source does not wait', async () => {
  let calls = 0
  const hasty: LogSource = {
    snapshot: (...request) => source.snapshot(...request),
    changes(requested, after) {
      calls += 1
      return source.changes(requested, after)
    },
  }
  await using follower = follow({ source: hasty })
  await follower.ready()
  const began = performance.now()
  await until(() => calls >= 4)
  expect(performance.now() - began).toBeGreaterThan(200)
})

test('a gap in the log is not passed over', async () => {
  let damaged = true
  let copies = 0
  const gapped: LogSource = {
    snapshot: (...request) => source.snapshot(...request),
    async changes(...request) {
      const page = await source.changes(...request)
      return damaged ? { ...page, parts: page.parts.map((part) => ({ ...part, changes: part.changes.slice(1) })) } : page
    },
  }
  await using follower = follow({ source: gapped, onReset: () => (copies += 1) })
  await follower.ready()
  await log.commit(putStock('s1', 'p0', 2), putStock('s1', 'p1', 2))
  await until(() => copies >= 2)
  damaged = false
  await reaches(await log.commit(putStock('s1', 'p2', 2)))
  expect(rowsInReplica(replica)).toEqual(await rowsInPostgres(log.storage, 's1'))
})
