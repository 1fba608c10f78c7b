import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fill } from '../../test/conformance/shop.ts'
import { shopDatabase, type ShopDatabase } from '../../test/conformance/shop-database.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import type { InventoryCommands } from './commands.ts'
import { createInventoryCommands } from './postgres-commands.ts'

const now = 10_000_000
let database: ShopDatabase
let storage: PostgresStorage
let commands: InventoryCommands
let serial = 0

beforeAll(async () => {
  database = await shopDatabase()
  storage = database.storage
  commands = createInventoryCommands(storage)
})
afterAll(async () => database[Symbol.asyncDispose]())

type Event = { readonly at: number } & ({ readonly quantity: number } | { readonly counted: number })

/** The law in its plainest words, over the events in the order in which they were recorded. */
function lawfulLevel(start: number, recorded: readonly Event[]): number {
  let latest: { at: number; counted: number } | null = null
  for (const event of recorded) if ('counted' in event && (latest === null || event.at >= latest.at)) latest = event
  const moved = recorded.reduce((sum, event) => sum + ('quantity' in event && (latest === null || event.at > latest.at) ? event.quantity : 0), 0)
  return (latest?.counted ?? start) + moved
}

async function freshProduct(): Promise<string> {
  const id = `fresh-${(serial += 1)}`
  await fill(storage, { product: [{ id, name: id, attributes: '[]' }] })
  return id
}

function record(productId: string, event: Event) {
  const operationId = `op-${(serial += 1)}`
  const context = { principal: 'test', now }
  return 'counted' in event
    ? commands.recordCount({ operationId, storeId: 's1', productId, counted: event.counted, countedAt: event.at }, context)
    : commands.recordMovement({ operationId, storeId: 's1', productId, kind: 'ADJUSTMENT', quantity: event.quantity, occurredAt: event.at }, context)
}

async function onHand(productId: string): Promise<number> {
  const row = await storage.db.selectFrom('stock').select('on_hand').where('store_id', '=', 's1').where('product_id', '=', productId).executeTakeFirst()
  return row?.on_hand ?? 0
}

/** The changes that wait for the log. */
async function captured(): Promise<unknown[]> {
  return (await storage.pool.query('select seq from outbox')).rows
}

const event = fc.oneof(
  fc.record({ at: fc.integer({ min: 1, max: 6 }), quantity: fc.integer({ min: -9, max: 9 }).filter((quantity) => quantity !== 0) }),
  fc.record({ at: fc.integer({ min: 1, max: 6 }), counted: fc.integer({ min: 0, max: 20 }) }),
)

describe('the law of stock', () => {
  test('holds after every step of any history, ties in time included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 8 }), async (events) => {
        const productId = await freshProduct()
        for (const [index, one] of events.entries()) {
          const outcome = await record(productId, one)
          const expected = lawfulLevel(0, events.slice(0, index + 1))
          expect(outcome.result?.on_hand).toBe(expected)
          expect(await onHand(productId)).toBe(expected)
        }
        const history = await storage.db.selectFrom('movement').select('on_hand_after').where('product_id', '=', productId).execute()
        expect(history).toHaveLength(events.length)
      }),
      { numRuns: 60 },
    )
  })

  test('gives one level in whatever order, even at once, the same events arrive', async () => {
    const distinct = fc.uniqueArray(event, { minLength: 2, maxLength: 7, selector: (one) => ('counted' in one ? one.at : Symbol('movement')) })
    await fc.assert(
      fc.asyncProperty(distinct.chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length }))), async ([events, shuffled]) => {
        const [inOrder, atOnce] = [await freshProduct(), await freshProduct()]
        for (const one of shuffled) await record(inOrder, one)
        await Promise.all(shuffled.map((one) => record(atOnce, one)))
        const expected = lawfulLevel(0, events)
        expect([await onHand(inOrder), await onHand(atOnce)]).toEqual([expected, expected])
      }),
      { numRuns: 30 },
    )
  })

  test('starts from the level that was there, and leaves the row alone where nothing changes', async () => {
    const productId = await freshProduct()
    await fill(storage, { stock: [{ store_id: 's1', product_id: productId, on_hand: 40, reorder_point: 3, order_up_to: 50, updated_at: 77 }] })
    await record(productId, { at: 10, quantity: -4 })
    expect(await onHand(productId)).toBe(36)
    await record(productId, { at: 20, counted: 36 })
    const before = await captured()
    await record(productId, { at: 15, quantity: -5 })
    expect(await onHand(productId)).toBe(36)
    expect(await captured()).toEqual(before)
  })

  test('fifty sales at once lose nothing', async () => {
    const productId = await freshProduct()
    await Promise.all(Array.from({ length: 50 }, () => record(productId, { at: 5, quantity: -1 })))
    expect(await onHand(productId)).toBe(-50)
  })
})
