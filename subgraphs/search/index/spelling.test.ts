import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import { searchIndexExtension } from './extension.ts'
import { createSearchIndex, type SearchIndex } from './search-index.ts'
import { typingCost } from './typing.ts'

/** An index over products of these names, each as often as told; ids tell the name's place. */
function indexOf(names: readonly (readonly [name: string, times: number])[]): SearchIndex {
  const connection = new DatabaseSync(':memory:')
  connection.exec('create table category (id primary key, parent_id, name, path)')
  connection.exec('create table list_price (product_id primary key, amount_minor, currency)')
  connection.exec('create table product (id primary key, name, description, brand, category_id, gtin, attributes, image_url)')
  const insert = connection.prepare(`insert into product (id, name, attributes) values (?, ?, '[]')`)
  for (const [place, [name, times]] of names.entries()) for (let at = 0; at < times; at += 1) insert.run(`${place}-${at}`, name)
  searchIndexExtension.rebuild(connection)
  return createSearchIndex(connection)
}

test('errors that fingers often make cost less', () => {
  const cost = (typed: string): number => typingCost(typed, 'bottle', 2)
  expect(cost('bottle')).toBe(0)
  const [undoubled, doubled, swapped, next, extra, other] = ['botle', 'boottle', 'botlte', 'botrle', 'botktle', 'botqle'].map(cost)
  const inOrder = [undoubled, doubled, swapped, next, extra, other]
  expect(inOrder.toSorted((a = 0, b = 0) => a - b)).toEqual(inOrder)
  expect(cost('xxxtle')).toBe(Infinity)
})

test('an unknown word becomes the one that goes with the others', () => {
  const index = indexOf([['wireless mouse', 3], ['silent mode switch', 3], ['wireless charger', 3], ['dark mode lamp', 9]])
  expect(index.match({ query: 'wireless moue' }).correctedQuery).toBe('wireless mouse')
  expect(index.match({ query: 'silent moue' }).correctedQuery).toBe('silent mode')
})

test('a word that the catalogue has is never corrected away, however rare', () => {
  const index = indexOf([['tea cup', 200], ['tea cap', 1], ['kitchen stand', 150], ['kitchen sand', 1]])
  for (const query of ['cap', 'caps', 'tea cap', 'sand', 'kitchen sand']) {
    const { ranking, correctedQuery } = index.match({ query })
    expect(correctedQuery).toBeNull()
    expect(ranking.ids()[0]).toBe(query.includes('sand') ? '3-0' : '1-0')
  }
})

test('a known word that hardly goes with the others is looked for together with what it may have been meant to be', () => {
  const index = indexOf([['tablet stand', 30], ['tablet cover', 100], ['magic sand', 1], ['garden spade', 200]])
  const { ranking, correctedQuery } = index.match({ query: 'tablet sand' })
  expect(correctedQuery).toBeNull()
  expect(ranking.ids().slice(0, 30).every((id) => id.startsWith('0-'))).toBe(true)
  expect(ranking.ids()).toContain('2-0')
})

test('words that by chance are in no product together are not doubted', () => {
  const index = indexOf([['red lamp', 20], ['red hat', 3], ['black cat', 60], ['garden spade', 50]])
  const { ranking } = index.match({ query: 'red cat' })
  expect(ranking.ids()).toHaveLength(83)
  expect(ranking.ids()[0]).toBe('0-0')
})
