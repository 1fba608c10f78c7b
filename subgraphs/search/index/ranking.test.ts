import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Ranking } from './ranking.ts'

const idOf = (doc: number): string => `p${doc}`
const ranking = (scores: readonly number[]): Ranking => new Ranking(Uint32Array.from(scores, (_, at) => at), Float64Array.from(scores), idOf)
const inOrder = (scores: readonly number[]): string[] =>
  scores.map((score, doc) => ({ score, id: idOf(doc) })).toSorted((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).map(({ id }) => id)

test('whichever part is asked for first, it is what sorting them all would give', () => {
  const parts = fc.array(fc.tuple(fc.nat(1200), fc.nat(300)), { maxLength: 6 })
  fc.assert(fc.property(fc.array(fc.nat(40), { maxLength: 1100 }), parts, (scores, asked) => {
    const some = ranking(scores)
    const whole = inOrder(scores)
    for (const [from, size] of asked) expect(some.slice(from, from + size).map(({ id }) => id)).toEqual(whole.slice(from, from + size))
    expect(some.ids()).toEqual(whole)
  }), { numRuns: 60 })
})

test('the first ones are ordered anew, the rest stays behind them', () => {
  const some = ranking([5, 9, 7, 1, 3])
  some.lift([100, 300, 200])
  expect(some.ids()).toEqual(['p2', 'p0', 'p1', 'p4', 'p3'])
  expect(some.of(Uint32Array.of(4, 1, 2), (at) => at !== 1).ids()).toEqual(['p2', 'p4'])
})
