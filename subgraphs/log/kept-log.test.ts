import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Change } from '../shared/changes.ts'
import { KeptLog, type KeptBatch } from './kept-log.ts'

const scopes = ['chain', 'store:a', 'store:b']

/** A log of batches with so many changes for each scope. */
function logOf(sizes: readonly (readonly number[])[]): KeptBatch[] {
  const positions = new Map<string, number>()
  return sizes.map((counts, nth) => ({
    number: nth + 1,
    at: nth,
    stamp: `stamp ${nth + 1}`,
    changes: scopes.flatMap((scope, at) =>
      Array.from({ length: counts[at] ?? 0 }, (): Change => {
        const position = (positions.get(scope) ?? 0) + 1
        positions.set(scope, position)
        return { scope, position, entity: 'stock', key: ['a', 'p'], op: 'put', row: {} }
      })),
  }))
}

test('whatever was added at either end and dropped, each cursor gets what its scopes have after it', () => {
  const counts = fc.array(fc.array(fc.nat(3), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(counts, fc.nat(12), fc.nat(12), fc.nat(30), fc.subarray(scopes, { minLength: 1 }), (sizes, split, settled, most, wanted) => {
      const all = logOf(sizes)
      const middle = Math.min(split, all.length)
      const kept = new KeptLog()
      kept.clear(middle, `stamp ${middle}`)
      for (const batch of all.slice(middle)) kept.append([batch])
      kept.prepend(all.slice(0, middle), 0, null)
      expect(kept.size).toBe(all.reduce((sum, { changes }) => sum + changes.length, 0))
      kept.trim(Math.min(settled, all.length), most)
      expect(kept.size).toBeLessThanOrEqual(most)
      expect(kept.from).toBeGreaterThanOrEqual(Math.min(settled, all.length))
      for (let number = kept.from; number <= all.length; number += 1) {
        const due = all.slice(number).map(({ number: own, changes }) => ({ number: own, changes: changes.filter(({ scope }) => wanted.includes(scope)) })).filter(({ changes }) => changes.length > 0)
        expect(kept.after(wanted, number, Infinity)).toMatchObject({ whole: true, parts: due.map((part) => ({ ...part, complete: true, stamp: `stamp ${part.number}` })) })
        expect(kept.stampOf(number)).toBe(number === 0 ? null : `stamp ${number}`)
        const page = kept.after(wanted, number, 2)
        if (page === null) expect(due[0]?.changes.length).toBeGreaterThan(2)
        else expect(page.parts.map((part) => part.number)).toEqual(due.slice(0, page.parts.length).map((part) => part.number))
        if (page?.whole === true) expect(page.parts).toHaveLength(due.length)
      }
    }),
  )
})
