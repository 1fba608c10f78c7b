import { expect, test } from '@jest/globals'
import { watching } from './reads.ts'

interface Shelf {
  books(ids: readonly string[]): string
  lent(): string
}

test('a store that is watched tells what each call reads before it is made, or that nothing can tell', () => {
  const told: string[] = []
  const store: Shelf = {
    books(ids) {
      told.push('read')
      return ids.join(' ')
    },
    lent: () => 'now',
  }
  const watch = watching<Shelf>({ books: (ids) => ids.map((id) => `book:${id}`), lent: () => null })
  const watched = watch(store, { note: (tags) => told.push(...tags), unkeepable: () => told.push('unkeepable') })
  expect([watched.books(['a', 'b']), watched.lent(), watch(store, undefined) === store]).toEqual(['a b', 'now', true])
  expect(told).toEqual(['book:a', 'book:b', 'read', 'unkeepable'])
})
