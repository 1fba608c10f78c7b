import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { shopDatabase, type ShopDatabase } from '../../test/conformance/shop-database.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import type { InventoryCommands, RecordCount, RecordMovement, SetPrice } from './commands.ts'
import { createInventoryCommands } from './postgres-commands.ts'

const now = 1_700_000_000_000
const context = { principal: 'till', now }
let database: ShopDatabase
let storage: PostgresStorage
let commands: InventoryCommands

beforeAll(async () => {
  database = await shopDatabase()
  storage = database.storage
  commands = createInventoryCommands(storage)
})
afterAll(async () => database[Symbol.asyncDispose]())

const sale: RecordMovement = { operationId: 'sale', storeId: 's1', productId: 'p1', kind: 'SALE', quantity: -1, occurredAt: null }
const count: RecordCount = { operationId: 'count', storeId: 's1', productId: 'p1', counted: 1, countedAt: null }
const price: SetPrice = { operationId: 'price', productId: 'p1', storeId: null, amount: '1.00', currencyCode: 'GBP' }

test('the same operation, ten times at once, happens once and answers the same', async () => {
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => commands.recordMovement({ ...sale, operationId: 'once' }, context)))
  expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1)
  expect(outcomes[0]?.result).toMatchObject({ on_hand: 9, updated_at: now })
  const later = await commands.recordMovement({ ...sale, operationId: 'once' }, { ...context, now: now + 5 })
  expect(later).toEqual(outcomes[0])
  const history = await storage.db.selectFrom('movement').selectAll().where('store_id', '=', 's1').execute()
  expect(history).toMatchObject([{ kind: 'SALE', quantity: -1, counted: null, on_hand_after: 9, occurred_at: now, recorded_at: now }])
})

test('the same operationId with other input is refused and changes nothing; another principal may use it', async () => {
  await commands.recordMovement({ ...sale, operationId: 'mine', productId: 'p2' }, context)
  const other = await commands.recordMovement({ ...sale, operationId: 'mine', productId: 'p2', quantity: -2 }, context)
  expect(other).toMatchObject({ result: null, userErrors: [{ code: 'OPERATION_ID_REUSED' }] })
  const asCount = await commands.recordCount({ ...count, operationId: 'mine', productId: 'p2' }, context)
  expect(asCount).toMatchObject({ result: null, userErrors: [{ code: 'OPERATION_ID_REUSED' }] })
  const filledIn = await commands.recordMovement({ ...sale, operationId: 'mine', productId: 'p2', occurredAt: now }, context)
  expect(filledIn).toMatchObject({ userErrors: [{ code: 'OPERATION_ID_REUSED' }] })
  const stranger = await commands.recordMovement({ ...sale, operationId: 'mine', productId: 'p2' }, { ...context, principal: 'other' })
  expect(stranger.result).toMatchObject({ on_hand: 1 })
})

test.each<[string, Partial<RecordMovement>, string]>([
  ['a sale that adds', { quantity: 1 }, 'INVALID_QUANTITY'],
  ['nothing', { quantity: 0 }, 'INVALID_QUANTITY'],
  ['a receipt that takes', { kind: 'RECEIPT', quantity: -1 }, 'INVALID_QUANTITY'],
  ['a return that takes', { kind: 'RETURN', quantity: -1 }, 'INVALID_QUANTITY'],
  ['a loss that adds', { kind: 'LOSS', quantity: 1 }, 'INVALID_QUANTITY'],
  ['a transfer of nothing', { kind: 'TRANSFER', quantity: 0 }, 'INVALID_QUANTITY'],
  ['a count', { kind: 'COUNT' }, 'INVALID_QUANTITY'],
  ['more than fits', { kind: 'RECEIPT', quantity: 2_147_483_647 }, 'INVALID_QUANTITY'],
  ['the day after tomorrow', { occurredAt: now + 24 * 3_600_000 + 1 }, 'INVALID_TIME'],
  ['an unknown store', { storeId: 'nowhere' }, 'STORE_NOT_FOUND'],
  ['an unknown product', { productId: 'nothing' }, 'PRODUCT_NOT_FOUND'],
])('a movement is refused: %s', async (what, change, code) => {
  const command = { ...sale, operationId: `refused ${what}`, ...change }
  const before = await storage.db.selectFrom('stock').selectAll().orderBy('store_id').orderBy('product_id').execute()
  const outcome = await commands.recordMovement(command, context)
  expect(outcome).toMatchObject({ result: null, pending: false, userErrors: [{ code }] })
  // A refusal is an outcome too: it stays the answer when the cause has gone.
  expect(await commands.recordMovement(command, { ...context, now: now + 10 * 24 * 3_600_000 })).toEqual(outcome)
  expect(await storage.db.selectFrom('stock').selectAll().orderBy('store_id').orderBy('product_id').execute()).toEqual(before)
})

test.each<[string, Partial<RecordCount>, string]>([
  ['less than nothing', { counted: -1 }, 'INVALID_QUANTITY'],
  ['the day after tomorrow', { countedAt: now + 24 * 3_600_000 + 1 }, 'INVALID_TIME'],
  ['an unknown store', { storeId: 'nowhere' }, 'STORE_NOT_FOUND'],
  ['an unknown product', { productId: 'nothing' }, 'PRODUCT_NOT_FOUND'],
])('a count is refused: %s', async (what, change, code) => {
  expect(await commands.recordCount({ ...count, operationId: `count ${what}`, ...change }, context)).toMatchObject({ result: null, userErrors: [{ code }] })
})

test.each<[string, Partial<SetPrice>, string]>([
  ['below zero', { amount: '-0.01' }, 'INVALID_AMOUNT'],
  ['half a penny', { amount: '1.005' }, 'INVALID_AMOUNT'],
  ['half a yen', { amount: '100.5', currencyCode: 'JPY' }, 'INVALID_AMOUNT'],
  ['an unknown store', { storeId: 'nowhere' }, 'STORE_NOT_FOUND'],
  ['an unknown product', { productId: 'nothing' }, 'PRODUCT_NOT_FOUND'],
])('a price is refused: %s', async (what, change, code) => {
  expect(await commands.setPrice({ ...price, operationId: `price ${what}`, ...change }, context)).toMatchObject({ result: null, userErrors: [{ code }] })
})

test('a price is kept in minor units, and its time never goes back', async () => {
  const first = await commands.setPrice({ ...price, operationId: 'a', amount: '12.500' }, context)
  expect(first.result).toEqual({ product_id: 'p1', amount_minor: 1_250, currency: 'GBP', updated_at: now })
  const slowClock = await commands.setPrice({ ...price, operationId: 'b', amount: '13' }, { ...context, now: now - 60_000 })
  expect(slowClock.result).toEqual({ product_id: 'p1', amount_minor: 1_300, currency: 'GBP', updated_at: now })
  const inStore = await commands.setPrice({ ...price, operationId: 'c', storeId: 's3', amount: '0', currencyCode: 'JPY' }, context)
  expect(inStore.result).toEqual({ store_id: 's3', product_id: 'p1', amount_minor: 0, currency: 'JPY', updated_at: now })
})
