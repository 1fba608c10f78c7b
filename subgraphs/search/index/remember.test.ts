import { expect, test } from '@jest/globals'
import { remembering } from './remember.ts'

function counting(hits: number) {
  const docs = Array.from({ length: hits }, (_, at) => at)
  let searched = 0
  let counted = 0
  const index = remembering({
    match: ({ query }) => {
      searched += 1
      return { ids: docs.map(String), docs: [...docs], scores: docs, correctedQuery: query }
    },
    facets: () => {
      counted += 1
      return []
    },
    suggest: () => [],
  })
  return { index, searched: () => searched, counted: () => counted }
}

test('what was asked before is not searched again, until the index changes', () => {
  const { index, searched, counted } = counting(3)
  const first = index.match({ query: 'lamp', brands: ['Acme'] })
  expect(index.match({ query: 'lamp', brands: ['Acme'], categoryIds: [] })).toBe(first)
  index.facets(first.docs)
  index.facets(first.docs)
  expect([searched(), counted()]).toEqual([1, 1])
  index.match({ query: 'lamp' })
  index.match({ query: 'lamp', attributes: [{ name: 'colour', values: ['red'] }] })
  expect(searched()).toBe(3)
  index.forget()
  expect(index.match({ query: 'lamp', brands: ['Acme'] })).not.toBe(first)
  index.facets(first.docs)
  expect([searched(), counted()]).toEqual([4, 2])
})

test('what was asked least recently is forgotten before memory fills', () => {
  const { index, searched } = counting(300_000)
  for (const query of ['a', 'b', 'c', 'a', 'd', 'a']) index.match({ query })
  expect(searched()).toBe(4)
  index.match({ query: 'b' })
  expect(searched()).toBe(5)
})
