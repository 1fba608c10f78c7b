import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createLogger } from '../../runtime/log.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { openRequest, runRequest } from '../../runtime/request.ts'
import { noTracing } from '../../runtime/tracing.ts'
import { shopDatabase, type ShopDatabase } from '../../test/conformance/shop-database.ts'
import { createDeviceCommands } from '../device/postgres-commands.ts'
import { createInventoryCommands } from '../inventory/postgres-commands.ts'
import { startUpkeep } from '../log/upkeep.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import { pruneAudit } from './prune.ts'
import { readAudit, type AuditEntry } from './read.ts'

const entry = fileURLToPath(new URL('../../aisle.ts', import.meta.url))
const now = 1_700_000_000_000
let database: ShopDatabase
let storage: PostgresStorage

beforeAll(async () => {
  database = await shopDatabase()
  storage = database.storage
})
afterAll(async () => database[Symbol.asyncDispose]())

/** The one entry of an operation. */
async function entryOf(operationId: string): Promise<AuditEntry> {
  const found = (await readAudit(storage, { since: 0, limit: 1_000 })).filter((each) => each.operation_id === operationId)
  expect(found).toHaveLength(1)
  return found[0] as AuditEntry
}

const by = { principal: 'alice', now }
const price = { productId: 'p1', storeId: 's1', amount: '1.00', currencyCode: 'GBP' as const }
const movement = { storeId: 's1', productId: 'p1', kind: 'SALE' as const, quantity: -1, occurredAt: null }

test.each<[mutation: string, run: (operationId: string) => Promise<unknown>, concerns: Partial<AuditEntry>]>([
  ['recordStockMovement', (operationId) => createInventoryCommands(storage).recordMovement({ operationId, ...movement }, by), { store_id: 's1', subjects: '["p1"]' }],
  ['recordStockCount', (operationId) => createInventoryCommands(storage).recordCount({ operationId, storeId: 's1', productId: 'p1', counted: 3, countedAt: null }, by), { store_id: 's1', subjects: '["p1"]' }],
  ['setPrice', (operationId) => createInventoryCommands(storage).setPrice({ operationId, ...price }, by), { store_id: 's1', subjects: '["p1"]' }],
  ['setPrice', (operationId) => createInventoryCommands(storage).setPrice({ operationId, ...price, storeId: null }, by), { store_id: null, subjects: '["p1"]' }],
  ['setPrice', (operationId) => createInventoryCommands(storage).setPrice({ operationId, ...price, amount: '-1' }, by), { store_id: 's1', outcome: 'INVALID_AMOUNT' }],
  ['registerDevice', (operationId) => createDeviceCommands(storage).registerDevice({ operationId, deviceId: 'new', storeId: 's2', kind: 'DISPLAY', firmware: null }, by), { store_id: 's2', subjects: '["new"]' }],
  ['registerDevice', (operationId) => createDeviceCommands(storage).registerDevice({ operationId, deviceId: 'new', storeId: 'none', kind: 'DISPLAY', firmware: null }, by), { store_id: 'none', outcome: 'STORE_NOT_FOUND' }],
  ['showOnDevice', (operationId) => createDeviceCommands(storage).showOnDevice({ operationId, deviceId: 'd1', productIds: ['p1', 'p2'] }, by), { store_id: 's1', subjects: '["d1","p1","p2"]' }],
  ['showOnDevice', (operationId) => createDeviceCommands(storage).showOnDevice({ operationId, deviceId: 'd1', productIds: ['nothing'] }, by), { store_id: 's1', outcome: 'PRODUCT_NOT_FOUND' }],
])('%s is recorded with who, what, when, where and what came of it', async (mutation, run, concerns) => {
  const operationId = `${mutation} ${JSON.stringify(concerns)}`
  const began = Date.now()
  await runRequest(openRequest({ 'x-request-id': 'request-7' }, noTracing, 'test'), () => run(operationId))
  const found = await entryOf(operationId)
  expect(found).toMatchObject({ principal: 'alice', mutation, said_at: now, outcome: 'ACCEPTED', source: 'cloud', request_id: 'request-7', ...concerns })
  expect(found.at).toBeGreaterThan(began - 60_000)
  expect(found.at).toBeLessThan(Date.now() + 60_000)
  // Whoever repeats it did nothing more.
  await run(operationId)
  await entryOf(operationId)
})

test('an operationId that is used for something else is recorded too; what devices report by themselves is not', async () => {
  const commands = createInventoryCommands(storage)
  await commands.recordMovement({ operationId: 'twice', ...movement }, by)
  await commands.recordMovement({ operationId: 'twice', ...movement, quantity: -2 }, by)
  await createDeviceCommands(storage).reportReadings({ operationId: 'reading', deviceId: 'd1', readings: [{ metric: 'temperature', at: now, value: 4 }] }, by)
  const entries = await readAudit(storage, { since: 0, limit: 1_000 })
  expect(entries.filter(({ operation_id }) => operation_id === 'twice').map(({ outcome }) => outcome).toSorted()).toEqual(['ACCEPTED', 'OPERATION_ID_REUSED'])
  expect(entries.filter(({ operation_id }) => operation_id === 'reading')).toEqual([])
})

const insertOld = (at: number, count: number): Promise<unknown> =>
  storage.pool.query(
    "insert into audit_log (at, said_at, principal, mutation, operation_id, store_id, subjects, outcome, source) select $1, $1, 'bob', 'setPrice', 'old ' || n, 's2', '[]', 'ACCEPTED', 'cloud' from generate_series(1, $2::int) n",
    [at, count],
  )
const recorded = async (principal: string): Promise<number> => (await readAudit(storage, { since: 0, principal, limit: 100_000 })).length

test('what is out of retention goes, more of it than one transaction drops; the rest stays, and nobody else can drop it', async () => {
  await insertOld(1_000, 10_001)
  await insertOld(2_000, 3)
  const others = await recorded('alice')
  expect(await pruneAudit(storage.pool, 2_000)).toBe(10_001)
  expect(await recorded('bob')).toBe(3)
  expect(await recorded('alice')).toBe(others)
  await expect(storage.pool.query('delete from audit_log')).rejects.toThrow('only added to')
  await expect(storage.pool.query('truncate audit_log')).rejects.toThrow('only added to')
  await expect(storage.pool.query("update audit_log set outcome = 'ACCEPTED'")).rejects.toThrow('only added to')
})

test('origin\'s upkeep prunes it by its retention', async () => {
  const others = await recorded('alice')
  const options = { compactAfterMs: 1e9, retentionMs: 1e9, mostChanges: 1e9, outcomeRetentionMs: 1e12, auditRetentionMs: 86_400_000, everyMs: 1, log: createLogger('test', 'silent'), metrics: createMetrics('test') }
  await using _upkeep = startUpkeep(storage, options)
  while ((await recorded('bob')) > 0) await new Promise(setImmediate)
  expect(await recorded('alice')).toBe(others)
})

test('aisle audit lists it, newest first, as narrowly as it is asked to', async () => {
  const audit = async (...parameters: string[]): Promise<Record<string, unknown>[]> => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', entry, 'audit', ...parameters], { env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: database.url } })
    return stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  await insertOld(Date.parse('2026-01-31T08:00:00Z'), 2)
  const [all, ofStore, ofBob, before, newest] = await Promise.all([
    audit(), audit('--store', 's2'), audit('--principal', 'bob', '--since', '2026-01-31'), audit('--since', '2026-01-01', '--until', '2026-01-31T08:00:00Z'), audit('--limit', '1'),
  ])
  expect(all).toHaveLength(await recorded('alice'))
  expect(all.map(({ at }) => String(at))).toEqual(all.map(({ at }) => String(at)).toSorted().toReversed())
  expect(ofStore.map(({ mutation, principal }) => [mutation, principal])).toEqual([['registerDevice', 'alice']])
  expect(ofBob).toMatchObject([{ at: '2026-01-31T08:00:00.000Z', saidAt: '2026-01-31T08:00:00.000Z', mutation: 'setPrice', store_id: 's2', subjects: [] }, {}])
  expect(before).toEqual([])
  expect(newest).toEqual(all.slice(0, 1))
  await expect(audit('--since', 'yesterday')).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('--since') })
})
