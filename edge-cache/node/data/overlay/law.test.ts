import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { StockRow } from '../../../../subgraphs/storage/database.ts'
import type { StockEvent } from './effects.ts'
import { shownLevel } from './law.ts'

const base: StockRow = { store_id: 's', product_id: 'p', on_hand: 10, reorder_point: 3, order_up_to: 20, updated_at: 100 }

function movement(quantity: number, occurredAt: number, receivedAt = occurredAt): StockEvent {
  return { storeId: 's', productId: 'p', counted: null, quantity, occurredAt, receivedAt }
}

function count(counted: number, occurredAt: number, receivedAt = occurredAt): StockEvent {
  return { storeId: 's', productId: 'p', counted, quantity: null, occurredAt, receivedAt }
}

test('without pending writes the level is the replica\'s', () => {
  expect(shownLevel(base, [])).toBe(base)
  expect(shownLevel(null, [])).toBeNull()
})

test('movements add up, also where the store never had the product', () => {
  expect(shownLevel(base, [movement(-3, 200), movement(1, 210)])).toEqual({ ...base, on_hand: 8, updated_at: 210 })
  expect(shownLevel(null, [movement(-2, 200)])).toEqual({ ...base, on_hand: -2, reorder_point: null, order_up_to: null, updated_at: 200 })
})

test('a count stands for everything up to its instant, later movements come on top', () => {
  expect(shownLevel(base, [count(4, 200), movement(-1, 201)])?.on_hand).toBe(3)
  expect(shownLevel(base, [movement(-1, 201), count(4, 200)])?.on_hand).toBe(3)
  expect(shownLevel(base, [movement(-1, 200), count(4, 200)])?.on_hand).toBe(4)
  expect(shownLevel(base, [count(4, 200), count(9, 199)])?.on_hand).toBe(4)
  expect(shownLevel(base, [count(4, 200), count(9, 200)])?.on_hand).toBe(9)
})

test('what changes nothing leaves the time of the level alone', () => {
  expect(shownLevel(base, [count(10, 50, 300)])).toEqual(base)
  expect(shownLevel(base, [count(4, 200, 200), movement(-1, 150, 400)])?.updated_at).toBe(200)
})

test('the level is the latest count plus the movements after it, whatever the order of arrival', () => {
  const event = fc.oneof(
    fc.record({ quantity: fc.integer({ min: -9, max: 9 }), at: fc.nat(20) }).map(({ quantity, at }) => movement(quantity, at)),
    fc.record({ counted: fc.nat(30), at: fc.nat(20) }).map(({ counted, at }) => count(counted, at)),
  )
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 12 }), (events) => {
      const counts = events.filter(({ counted }) => counted !== null)
      const latest = counts.reduce<StockEvent | null>((found, next) => (found === null || next.occurredAt >= found.occurredAt ? next : found), null)
      const after = events.filter(({ quantity, occurredAt }) => quantity !== null && (latest === null || occurredAt > latest.occurredAt))
      const expected = after.reduce((sum, { quantity }) => sum + (quantity ?? 0), latest?.counted ?? base.on_hand)
      expect(shownLevel(base, events)?.on_hand).toBe(expected)
    }),
  )
})
