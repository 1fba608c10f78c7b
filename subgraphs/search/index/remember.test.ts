import { expect, test } from '@jest/globals'
import { Ranking } from './ranking.ts'
import { remembering } from './remember.ts'

function counting(hits: number) {
  const docs = Array.from({ length: hits }, (_, at) => at)
  let searched = 0
  let counted = 0
  let priced = 0
  const index = remembering({
    match: ({ query }) => {
      searched += 1
      return { ranking: new Ranking(Uint32Array.from(docs), Float64Array.from(docs), String), correctedQuery: query }
    },
    facets: () => {
      counted += 1
      return []
    },
    priceCounts: () => {
      priced += 1
      return []
    },
    prices: () => [],
    ids: () => [],
    names: () => [],
    suggest: () => [],
  })
  return { index, searched: () => searched, counted: () => counted, priced: () => priced }
}

test('what was asked before is not searched again, until the index changes', () => {
  const { index, searched, counted } = counting(3)
  const first = index.match({ query: 'lamp', brands: ['Acme'] })
  expect(index.match({ query: 'lamp', brands: ['Acme'], categoryIds: [] })).toBe(first)
  index.facets(first.ranking.docs)
  index.facets(first.ranking.docs)
  expect([searched(), counted()]).toEqual([1, 1])
  index.match({ query: 'lamp' })
  index.match({ query: 'lamp', attributes: [{ name: 'colour', values: ['red'] }] })
  expect(searched()).toBe(3)
  index.forget()
  expect(index.match({ query: 'lamp', brands: ['Acme'] })).not.toBe(first)
  index.facets(first.ranking.docs)
  expect([searched(), counted()]).toEqual([4, 2])
})

test('a change of prices alone forgets nothing but prices', () => {
  const { index, searched, counted, priced } = counting(3)
  const { docs } = index.match({ query: 'lamp' }).ranking
  const ask = () => [index.match({ query: 'lamp' }), index.facets(docs), index.priceCounts(docs)]
  ask()
  ask()
  expect([searched(), counted(), priced()]).toEqual([1, 1, 1])
  index.forgetPrices()
  ask()
  expect([searched(), counted(), priced()]).toEqual([1, 1, 2])
})

test('what was asked least recently is forgotten before memory fills', () => {
  const { index, searched } = counting(300_000)
  for (const query of ['a', 'b', 'c', 'a', 'd', 'a']) index.match({ query })
  expect(searched()).toBe(4)
  index.match({ query: 'b' })
  expect(searched()).toBe(5)
})
