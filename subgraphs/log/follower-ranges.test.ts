import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { AisleError } from '../../runtime/errors.ts'
import { createLogger } from '../../runtime/log.ts'
import { openReplica, type Replica } from '../storage/sqlite/replica.ts'
import { startFollower, type Follower, type FollowerOptions } from './follower.ts'
import { createPostgresSource, type PostgresSource } from './postgres-source.ts'
import { pruneLog } from './prune.ts'
import type { LogSource } from './source.ts'
import { rowsInPostgres, rowsInReplica } from './testing/compare.ts'
import { openTestLog, putProduct, putStock, putStore, type TestLog } from './testing/test-log.ts'
import { until } from './testing/until.ts'

const scopes = ['chain', 'store:s1']
const levels = 2_000

let folder: string
let log: TestLog
let postgres: PostgresSource
let replica: Replica
/** Rows that were fetched, by request. */
let fetched: number[]
let damaged: number[]
/** Asked before each request for rows. */
let failing: () => boolean

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aisle-ranges-'))
  log = await openTestLog()
  await log.commit(putStore('s1'), putProduct('p1', 'Tea'), `insert into stock (store_id, product_id, on_hand, updated_at) select 's1', 'p' || i, i, 0 from generate_series(1, ${levels}) i`)
  postgres = createPostgresSource(log.storage)
  replica = openReplica({ file: join(folder, 'replica.db'), scopes })
  fetched = []
  damaged = []
  failing = () => false
})
afterEach(async () => {
  replica.close()
  await postgres[Symbol.asyncDispose]()
  await log[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const source: LogSource = {
  snapshot: async () => {
    throw new Error('a whole copy is never needed')
  },
  changes: (...question) => postgres.changes(...question),
  ranges: {
    digests: async (...question) => required().digests(...question),
    async rows(asked, question) {
      if (failing()) throw new AisleError('ORIGIN_UNREACHABLE')
      const answer = await required().rows(asked, question)
      fetched.push(answer.rows.length)
      return answer
    },
  },
}

function required() {
  if (postgres.ranges === undefined) throw new Error('Postgres compares ranges')
  return postgres.ranges
}

function follow(options: Partial<FollowerOptions> = {}): Follower {
  return startFollower({ source, replica, log: createLogger('test', 'silent'), waitMs: 100, mostPauseMs: 20, onDamage: (ranges) => damaged.push(ranges), ...options })
}

const rowsFetched = () => fetched.reduce((sum, rows) => sum + rows, 0)
const agrees = async () => expect(rowsInReplica(replica)).toEqual(await rowsInPostgres(log.storage, 's1'))

test('a copy goes on where it was broken off, by the link and by the end of the process', async () => {
  failing = () => fetched.length % 2 === 1 || fetched.length > 6
  {
    const follower = follow()
    // The link fails at every other request, and asks for less each time.
    let tried = 0
    failing = () => {
      tried += 1
      return tried % 2 === 0 || rowsFetched() > levels / 2
    }
    await until(() => rowsFetched() > levels / 2)
    await follower[Symbol.asyncDispose]()
  }
  replica.close()
  const before = rowsFetched()
  expect(before).toBeLessThan(levels)
  failing = () => false
  replica = openReplica({ file: join(folder, 'replica.db'), scopes })
  expect(replica.position()).toBeNull()
  await log.commit(putStock('s1', 'p7', 7_000))
  await using follower = follow()
  await follower.ready()
  await agrees()
  // What was there already is not fetched again, but for the ranges that the end or a change went through.
  expect(rowsFetched() - before).toBeLessThan(levels - before + 3 * 256)
})

test('rows that were changed behind SQLite\'s back are found by their digest, and only their range is fetched again', async () => {
  await using follower = follow()
  await follower.ready()
  fetched = []
  using vandal = new DatabaseSync(replica.file)
  vandal.exec("update stock set on_hand = -1 where product_id = 'p1234'; delete from product; insert into store (id, name, timezone) values ('ghost', 'Ghost', 'Europe/Madrid')")
  follower.check()
  await until(() => damaged.length > 0)
  await until(() => replica.generation > 2)
  await agrees()
  expect(rowsFetched()).toBeLessThan(300)
  // A replica that is as it should be stays as it is.
  follower.check()
  const batch = await log.commit(putStock('s1', 'p1', 5))
  await until(() => replica.position()?.batch === batch)
  await log.commit(putStock('s1', 'p2', 5))
  expect(damaged).toEqual([1])
})

test('a check beside steady writing takes no change for damage', async () => {
  await using follower = follow()
  await follower.ready()
  const stop = new AbortController()
  const writing = (async () => {
    for (let i = 0; !stop.signal.aborted; i += 1) await log.commit(putStock('s1', `p${1 + (i % 50)}`, i))
  })()
  for (let round = 0; round < 3; round += 1) {
    follower.check()
    const { batch = 0 } = replica.position() ?? {}
    await until(() => (replica.position()?.batch ?? 0) > batch + 10)
  }
  stop.abort()
  await writing
  expect(damaged).toEqual([])
})

test('pages that were zeroed are found by whoever reads them or by the check after an unclean stop, and the rest is kept', async () => {
  {
    await using follower = follow()
    await follower.ready()
  }
  replica.close()
  fetched = []
  const { size, pageSize, page } = pageOf('p1500')
  const handle = openSync(replica.file, 'r+')
  writeSync(handle, Buffer.alloc(pageSize), 0, pageSize, (page - 1) * pageSize)
  closeSync(handle)
  // As after a process that was killed.
  closeSync(openSync(`${replica.file}.open`, 'w'))
  replica = openReplica({ file: replica.file, scopes })
  expect(replica.unclean).toBe(true)
  await using follower = follow()
  await until(() => replica.generation > 1)
  await agrees()
  expect(damaged.length).toBeGreaterThan(0)
  expect(rowsFetched()).toBeLessThan(levels)
  expect(size).toBeGreaterThan(page)
  expect(follower.online).toBe(true)
})

test('damage that a reader meets is mended at once', async () => {
  await using follower = follow({ waitMs: 60_000 })
  await follower.ready()
  await until(() => postgres.waiting > 0)
  const { pageSize, page } = pageOf('p1500')
  using held = replica.reader()
  held.prepare('select count(*) from stock').get()
  {
    using checkpoint = new DatabaseSync(replica.file)
    checkpoint.exec('pragma wal_checkpoint(truncate)')
  }
  const handle = openSync(replica.file, 'r+')
  writeSync(handle, Buffer.alloc(pageSize, 0xff), 0, pageSize, (page - 1) * pageSize)
  closeSync(handle)
  using reader = replica.reader()
  expect(() => reader.prepare('select sum(on_hand) from stock not indexed').get()).toThrow('malformed')
  await until(() => replica.generation > 2)
  expect(damaged).toEqual([0])
  await agrees()
})

test('who was away longer than the log reaches back fetches only what differs', async () => {
  {
    await using follower = follow()
    await follower.ready()
  }
  fetched = []
  await log.commit(putStock('s1', 'p77', 1), "delete from stock where product_id = 'p1999'")
  const newest = await log.commit(putStock('s1', 'p78', 2))
  await pruneLog(log.storage.pool, newest - 1)
  await using follower = follow()
  await until(() => replica.position()?.batch === newest)
  await agrees()
  expect(rowsFetched()).toBeLessThan(levels / 2)
  expect(damaged).toEqual([])
  expect(follower.online).toBe(true)
})

test('a long batch is taken in without keeping others from their turn, and is in sight only whole', async () => {
  await using follower = follow({ limit: 10_000 })
  await follower.ready()
  await log.commit('update stock set on_hand = on_hand + 1000000')
  using reader = replica.reader()
  const lowest = reader.prepare('select min(on_hand) as lowest, max(on_hand) as highest from stock')
  let turns = 0
  for (;;) {
    const { lowest: least, highest } = lowest.get() ?? {}
    expect([[1, levels], [1_000_001, 1_000_000 + levels]]).toContainEqual([least, highest])
    if (least !== 1) break
    if (replica.busy) turns += 1
    await nextTurn()
  }
  expect(turns).toBeGreaterThan(1)
})

/** The page of the file that holds this key's row of stock. */
function pageOf(productId: string): { page: number; pageSize: number; size: number } {
  using connection = new DatabaseSync(replica.file)
  connection.exec('pragma wal_checkpoint(truncate)')
  const pageSize = Number(connection.prepare('pragma page_size').get()?.page_size)
  const bytes = readFileSync(replica.file)
  const rootPages = new Set(connection.prepare('select rootpage from sqlite_schema').all().map(({ rootpage }) => Number(rootpage)))
  for (let page = 2; page <= bytes.length / pageSize; page += 1) {
    const content = bytes.subarray((page - 1) * pageSize, page * pageSize)
    if (rootPages.has(page) || content[0] !== 0x0a) continue
    if (content.includes(`s1${productId}`)) return { page, pageSize, size: bytes.length / pageSize }
  }
  throw new Error('the row lies in no page of its own')
}
