import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { AisleError } from '../../runtime/errors.ts'
import { createLogger } from '../../runtime/log.ts'
import { openReplica, type AppliedBatch, type Replica } from '../storage/sqlite/replica.ts'
import type { Change } from '../shared/changes.ts'
import { startFollower, type Follower, type FollowerOptions, type FoundDamage } from './follower.ts'
import type { BatchPart, ChangesPage, LogSource } from './source.ts'
import { until } from './testing/until.ts'

const scopes = ['chain', 'store:s1']

let folder: string
let replica: Replica
/** What the source answers next, in order; while there is nothing, it waits. */
let pages: BatchPart[][]
let copies: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aisle-follower-'))
  replica = openReplica({ file: join(folder, 'replica.db'), scopes })
  pages = []
  copies = 0
})
afterEach(async () => {
  replica.close()
  await rm(folder, { recursive: true })
})

function stock(position: number, onHand: number, productId = 'p1'): Change {
  const row = { store_id: 's1', product_id: productId, on_hand: onHand, reorder_point: null, order_up_to: null, updated_at: 0 }
  return { scope: 'store:s1', position, entity: 'stock', key: ['s1', productId], op: 'put', row }
}

function part(number: number, changes: readonly Change[], complete = true): BatchPart {
  return { number, at: number, changes, complete }
}

/** A copy at batch 1 of 2,000 levels, then `pages`; from the second copy on at the newest batch that was given. */
const source: LogSource = {
  async snapshot() {
    copies += 1
    const head = { epoch: 'e', batch: copies === 1 ? 1 : 9, at: copies, now: copies }
    const rows = Array.from({ length: 2_000 }, (_unused, i) => stock(0, 1, `p${i}`).row ?? {})
    return {
      header: { head, consistentFrom: head.batch, positions: { 'store:s1': copies === 1 ? 1 : 9 }, rows: rows.length },
      chunks: (async function* () {
        yield { entity: 'stock' as const, rows }
      })(),
    }
  },
  async changes(_scopes, after, { signal } = {}): Promise<ChangesPage> {
    await until(() => pages.length > 0 || signal?.aborted === true)
    const parts = pages.shift() ?? []
    const last = parts.findLast(({ complete }) => complete)?.number ?? after.batch
    return { parts, next: { epoch: 'e', batch: last }, head: { epoch: 'e', batch: 9, at: 9, now: 9 } }
  },
}

async function follow(options: Partial<FollowerOptions> = {}): Promise<Follower> {
  const follower = startFollower({ source, replica, log: createLogger('test', 'silent'), waitMs: 1, mostPauseMs: 50, ...options })
  await follower.ready()
  return follower
}

function levelOf(productId = 'p1'): unknown {
  using connection = replica.reader()
  return connection.prepare('select on_hand from stock where product_id = ?').get(productId)?.on_hand
}

test('batches that became visible before the rest of their page failed are not silently untold', async () => {
  let resets = 0
  const told: number[] = []
  const onApplied = (batches: readonly AppliedBatch[]) => void told.push(...batches.map(({ number }) => number))
  await using _follower = await follow({ onApplied, onReset: () => (resets += 1) })
  await until(() => resets === 1)
  // Batch 3 begins with a gap: batch 2 is in sight, and nobody can be told what it changed any more.
  pages.push([part(2, [stock(2, 7)]), part(3, [stock(4, 9)], false)])
  await until(() => resets === 2)
  expect(told).toEqual([])
  expect(copies).toBe(1)
})

test('a listener that fails is told that it missed something', async () => {
  let resets = 0
  const onApplied = (): void => {
    throw new Error('the listener failed')
  }
  await using follower = await follow({ onApplied, onReset: () => (resets += 1) })
  pages.push([part(2, [stock(2, 7)])])
  await until(() => resets === 2)
  expect(levelOf()).toBe(7)
  expect(follower.online).toBe(true)
})

test('a disk that takes nothing says nothing of the link, and what came is taken in when it can be', async () => {
  const links: boolean[] = []
  let failures = 0
  const log = createLogger('test', 'silent')
  log.warn = () => void (failures += 1)
  log.debug = () => void (failures += 1)
  await using follower = await follow({ log, onLink: (up) => links.push(up) })
  using side = new DatabaseSync(replica.file, { timeout: 1_000 })
  side.exec("create trigger disk_full before insert on stock begin select raise(abort, 'disk full'); end")
  for (let times = 0; times < 3; times += 1) pages.push([part(2, [stock(2, 7)])])
  await until(() => failures >= 3)
  expect(links).toEqual([true])
  expect(follower.online).toBe(true)
  side.exec('drop trigger disk_full')
  pages.push([part(2, [stock(2, 7)])])
  await until(() => levelOf() === 7)
})

test('a replica that is found damaged is fetched anew', async () => {
  await using _follower = await follow()
  {
    using side = new DatabaseSync(replica.file, { timeout: 1_000 })
    const page = Number(side.prepare("select rootpage from sqlite_schema where name = 'stock'").get()?.rootpage)
    side.exec('create table other (x); pragma wal_checkpoint(truncate)')
    const size = Number(side.prepare('pragma page_size').get()?.page_size)
    const file = openSync(replica.file, 'r+')
    writeSync(file, Buffer.alloc(size, 0xff), 0, size, (page - 1) * size)
    closeSync(file)
    side.exec('create table another (x)')
  }
  pages.push([part(2, [stock(2, 7)])])
  await until(() => copies === 2 && replica.position()?.batch === 9)
  expect(levelOf('p1999')).toBe(1)
})

test('a damaged file is found after a stop that was not clean although nobody answers', async () => {
  {
    await using _follower = await follow()
    await until(() => copies === 1)
  }
  const { file } = replica
  replica.close()
  const { page, size } = pageOfStock(file)
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.alloc(size), 0, size, (page - 1) * size)
  closeSync(handle)
  // As after a process that was killed.
  closeSync(openSync(`${file}.open`, 'w'))
  replica = openReplica({ file, scopes })
  const found: FoundDamage[] = []
  const silent: LogSource = {
    snapshot: () => Promise.reject(new AisleError('ORIGIN_UNREACHABLE')),
    changes: () => Promise.reject(new AisleError('ORIGIN_UNREACHABLE')),
  }
  await using follower = await follow({ source: silent, onFound: (damage) => found.push(damage) })
  await until(() => found.length > 0)
  expect(found[0]).toEqual({ tables: ['stock'] })
  expect(follower.online).toBe(false)
})

/** A page with nothing but rows of levels. */
function pageOfStock(file: string): { page: number; size: number } {
  using connection = new DatabaseSync(file, { readOnly: true })
  const size = Number(connection.prepare('pragma page_size').get()?.page_size)
  const count = Number(connection.prepare('pragma page_count').get()?.page_count)
  const bytes = readFileSync(file)
  for (let page = count; page > 1; page -= 1) {
    // A leaf of a table, or of one WITHOUT ROWID, with some rows.
    if ([10, 13].includes(bytes[(page - 1) * size] ?? 0) && bytes.subarray((page - 1) * size, page * size).includes('p1500')) return { page, size }
  }
  throw new Error('There is no such page.')
}

test('a log that was taken back and went on otherwise is not followed', async () => {
  await using _follower = await follow()
  pages.push([part(2, [stock(2, 7)])])
  await until(() => levelOf() === 7)
  // Position 2 once more, in a newer batch: not the change that was applied under that position.
  pages.push([part(5, [stock(2, 3)])])
  await until(() => copies === 2)
})

test('a source that brings again what is known, at once and for ever, is asked with pauses', async () => {
  let asked = 0
  const again: LogSource = {
    ...source,
    async changes() {
      asked += 1
      return { parts: [part(1, [stock(1, 3)])], next: { epoch: 'e', batch: 1 }, head: { epoch: 'e', batch: 9, at: 9, now: 9 } }
    },
  }
  await using _follower = await follow({ source: again, waitMs: 10_000, mostPauseMs: 400 })
  const began = performance.now()
  asked = 0
  await until(() => asked >= 5)
  // No pause is shorter than half of the first step.
  expect(performance.now() - began).toBeGreaterThan(300)
  expect(levelOf()).toBe(1)
})

test('after answers that broke off fewer changes are asked for, and more again as they come', async () => {
  const limits: (number | undefined)[] = []
  let breaks = 3
  const breaking: LogSource = {
    ...source,
    async changes(scopesOf, after, request = {}) {
      limits.push(request.limit)
      if (limits.length > 1 && breaks > 0) {
        breaks -= 1
        throw new AisleError('ORIGIN_UNREACHABLE', 'The answer broke off.', { details: { smaller: true } })
      }
      return source.changes(scopesOf, after, request)
    },
  }
  await using _follower = await follow({ source: breaking, limit: 1_000 })
  for (let batch = 2; batch < 9; batch += 1) pages.push([part(batch, [stock(batch, batch)])])
  await until(() => levelOf() === 8)
  expect(limits.slice(0, 6)).toEqual([1_000, 1_000, 250, 62, 16, 32])
})
