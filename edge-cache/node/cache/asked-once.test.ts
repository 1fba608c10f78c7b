import { expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { AskedOnce, type OnceEntry } from './asked-once.ts'

/** Lengths that fill the room, end at its end, and are too long for it. */
const steps = fc.array(
  fc.record({ do: fc.constantFrom('put', 'put', 'put', 'take', 'forget'), key: fc.integer({ min: 0, max: 12 }), length: fc.integer({ min: 0, max: 1_100 }), slots: fc.array(fc.integer({ min: 0, max: 2 ** 19 - 1 }), { maxLength: 9 }) }),
  { maxLength: 200 },
)

test('whatever is put, taken and forgotten, what is kept is what was put last, the oldest having made room', () => {
  let evictions = 0
  fc.assert(
    fc.property(steps, (history) => {
      /** In the order in which they were put. */
      const put = new Map<string, OnceEntry>()
      const onceEvictions: number[] = []
      const once = new AskedOnce(1_000, () => onceEvictions.push(1))
      for (const [nth, { do: what, key: name, length, slots }] of history.entries()) {
        const key = `\nop\n"${'é'.repeat(name)}"`
        if (what === 'put') {
          const entry: OnceEntry = { key, etag: `W/"${nth}"`, bytes: `${nth}`.padEnd(length, 'ÿ'), lacks: nth % 2 === 0, slots, since: nth * 2 ** 33 }
          put.delete(key)
          if (once.put(entry)) put.set(key, entry)
        } else if (what === 'take') {
          const taken = once.take(key)
          if (taken !== null) expect(taken).toEqual(put.get(key))
          put.delete(key)
        } else {
          once.forget(key)
          put.delete(key)
        }
        const kept = once.keys()
        const oldest = [...put.keys()].slice(0, put.size - kept.length)
        for (const gone of oldest) put.delete(gone)
        expect(kept).toEqual([...put.keys()].toReversed())
        expect({ size: once.size, within: once.bytes <= 1_000, empty: once.bytes === 0 }).toEqual({ size: put.size, within: true, empty: put.size === 0 })
      }
      evictions += onceEvictions.length
    }),
    { numRuns: 300, seed: 7 },
  )
  expect(evictions).toBeGreaterThan(100)
})

test('a key that is not of single bytes is kept elsewhere', () => {
  const once = new AskedOnce(1_000, () => {})
  expect([once.put({ key: '茶', etag: '', bytes: '', lacks: false, slots: [], since: 0 }), once.size, once.take('茶')]).toEqual([false, 0, null])
})
