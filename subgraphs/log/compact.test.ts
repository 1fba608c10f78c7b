import { afterAll, beforeAll, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ReplicaFile } from '../storage/sqlite/replica-file.ts'
import { batchBefore, batchBehind, pruneLog, pruneOutcomes } from './prune.ts'
import { compactLog } from './compact.ts'
import { readChanges } from './read-changes.ts'
import type { LogCursor } from './source.ts'
import { openTestLog, putStock, putStore, type TestLog } from './testing/test-log.ts'

let log: TestLog
let epoch: string
beforeAll(async () => {
  log = await openTestLog()
  epoch = await log.epoch()
})
afterAll(async () => log[Symbol.asyncDispose]())

/** Levels by product, and the shared marker, after each batch. */
type State = Readonly<Record<string, number>>

/** A write of a batch: a level of the store, its removal, or a product of the chain. */
const write = fc.record({ product: fc.integer({ min: 0, max: 4 }), level: fc.integer({ min: 1, max: 1_000 }), kind: fc.constantFrom('put', 'put', 'remove', 'chain') })
const history = fc.record({
  batches: fc.array(fc.array(write, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 7 }),
  cursor: fc.nat(),
  limit: fc.integer({ min: 1, max: 9 }),
  /** How far the log is compacted before each page, as a part of what there is. */
  compacted: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }),
})

let stores = 0

test('for every cursor, what a compacted log leaves is what the whole log leaves, at cuts that the cloud had', async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ batches, cursor, limit, compacted }) => {
      stores += 1
      const storeId = `s${stores}`
      const scopes = ['chain', `store:${storeId}`]
      const states = new Map<number, State>()
      let state: State = {}
      const first = await log.commit(putStore(storeId))
      const placeAt = new Map<number, Record<string, number>>()
      const places = async () => Object.fromEntries((await log.storage.pool.query<{ scope: string; position: number }>('select scope, position from log_scope where scope = any($1)', [scopes])).rows.map(({ scope, position }) => [scope, position]))
      states.set(first, state)
      placeAt.set(first, await places())
      for (const writes of batches) {
        const after = { ...state }
        for (const { product, level, kind } of writes) {
          if (kind === 'put') after[`p${product}`] = level
          else if (kind === 'remove') delete after[`p${product}`]
          else after.chain = level
        }
        const statements = writes.map(({ product, level, kind }) =>
          kind === 'put' ? putStock(storeId, `p${product}`, level) : kind === 'remove' ? `delete from stock where store_id = '${storeId}' and product_id = 'p${product}'` : `insert into list_price (product_id, amount_minor, currency, updated_at) values ('shared', ${level}, 'EUR', ${stores}) on conflict (product_id) do update set amount_minor = excluded.amount_minor, updated_at = excluded.updated_at`,
        )
        state = after
        const batch = await log.commit(...statements)
        if (batch > 0) {
          states.set(batch, state)
          placeAt.set(batch, await places())
        }
      }
      const numbers = [...states.keys()]
      const head = numbers.at(-1) ?? 0
      const from = numbers[cursor % numbers.length] ?? first
      using file = new ReplicaFile(':memory:', { scopes, entities: ['stock', 'list_price'], extensions: [], building: true })
      file.begin({ head: { epoch, batch: from, at: 0, now: 0 }, consistentFrom: from, positions: placeAt.get(from) ?? {}, rows: 0 })
      file.addRows({ entity: 'stock', rows: Object.entries(states.get(from) ?? {}).filter(([id]) => id !== 'chain').map(([product_id, on_hand]) => ({ store_id: storeId, product_id, on_hand, updated_at: 0 })) })
      const chain = states.get(from)?.chain
      if (chain !== undefined) file.addRows({ entity: 'list_price', rows: [{ product_id: 'shared', amount_minor: chain, currency: 'EUR', updated_at: stores }] })

      let place: LogCursor = { epoch, batch: from }
      for (let pages = 0; place.batch < head || place.within !== undefined; pages += 1) {
        const part = compacted[pages]
        if (part !== undefined) await compactLog(log.storage.pool, first + Math.floor(part * (head - first)))
        const page = await readChanges(log.storage.pool, scopes, place, limit)
        const applied = file.apply(page.parts)
        for (const { number } of applied) expect(states.has(number)).toBe(true)
        const newest = applied.at(-1)?.number
        if (newest !== undefined) {
          const shown: Record<string, number> = {}
          for (const row of file.connection.prepare('select product_id, on_hand from stock').all()) shown[String(row.product_id)] = Number(row.on_hand)
          const shared = file.connection.prepare('select amount_minor from list_price where updated_at = ?').get(stores)
          if (shared !== undefined) shown.chain = Number(shared.amount_minor)
          expect(shown).toEqual(states.get(newest))
        }
        place = page.next
      }
    }),
    { numRuns: 40 },
  )
  const { rows } = await log.storage.pool.query<{ dropped: number }>('select sum(absorbed)::int as dropped from log')
  expect(rows[0]?.dropped).toBeGreaterThan(0)
})

test('batches out of retention are dropped, the newest never, and who needs them is refused', async () => {
  const { pool } = log.storage
  await log.commit(putStore('kept'))
  const before = await log.commit(putStock('kept', 'p1', 1))
  const newest = await log.commit(putStock('kept', 'p1', 2))
  expect(await batchBehind(pool, 1)).toBe(before)
  expect(await batchBefore(pool, Date.now() + 60_000)).toBe(newest)
  await pruneLog(pool, before)
  const scopes = ['chain', 'store:kept']
  await expect(readChanges(pool, scopes, { epoch, batch: before - 1 }, 10)).rejects.toMatchObject({ code: 'POSITION_TOO_OLD' })
  expect((await readChanges(pool, scopes, { epoch, batch: before }, 10)).parts).toMatchObject([{ number: newest }])
  await pruneLog(pool, newest)
  expect((await readChanges(pool, scopes, { epoch, batch: newest }, 10)).next.batch).toBe(newest)
  expect((await pool.query('select count(*)::int as rows from log')).rows).toEqual([{ rows: 1 }])
})

test('outcomes of writes are dropped after their time, without a word in the log', async () => {
  const { pool } = log.storage
  await log.commit(putStore('done'), "insert into edge_operation (store_id, incarnation, n, operation_id, payload_hash, outcome, recorded_at) values ('done', 'i', 1, 'o', 'h', '{}', 1000)",
    "insert into operation (principal, operation_id, kind, payload_hash, outcome, recorded_at) values ('p', 'o', 'k', 'h', '{}', 1000), ('p', 'o2', 'k', 'h', '{}', 3000)")
  expect(await pruneOutcomes(pool, 2_000)).toBe(2)
  expect(await log.move()).toBeNull()
  expect((await pool.query('select operation_id from operation')).rows).toEqual([{ operation_id: 'o2' }])
})
