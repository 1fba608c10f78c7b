import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { instantText } from './instant.ts'

test('an instant is written as Date writes it', () => {
  const edges = [0, 1, 9, 99, 100, 999, Date.UTC(2000, 1, 29), Date.UTC(2100, 1, 28, 23, 59, 59, 999), Date.UTC(2100, 2, 1), Date.UTC(9999, 11, 31, 23, 59, 59, 999), Date.UTC(10_000, 0, 1), -1, 8.64e15, 1.5]
  for (const at of edges) expect(instantText(at)).toBe(new Date(at).toISOString())
  fc.assert(fc.property(fc.integer({ min: -1e12, max: 253_402_300_799_999 }), (at) => instantText(at) === new Date(at).toISOString()), { numRuns: 2_000 })
  for (const at of [Number.NaN, Infinity, 8.65e15]) expect(() => instantText(at)).toThrow(RangeError)
})
