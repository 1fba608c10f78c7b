import { expect, test } from '@jest/globals'
import { changedTags, rowTags, shelfTags, storeTags, type Tag } from './tags.ts'

const ids = (letter: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${letter}${at}`)

/** Whether what happens to a row is told to who read these. */
function meet(read: readonly Tag[], changed: readonly Tag[]): boolean {
  return changed.some((tag) => read.includes(tag))
}

test('however many rows are read, a change of any of them is told, and the list of tags stays short', () => {
  for (const count of [1, 2, 200, 201, 1_000]) {
    const products = ids('p', count)
    const read = rowTags('product', products)
    expect({ count, short: read.length <= 200, told: products.every((id) => meet(read, changedTags('product', [id], null, null))) }).toEqual({ count, short: true, told: true })
  }
  for (const [stores, products] of [[1, 1], [1, 2], [2, 1], [1, 201], [3, 100], [201, 1]] as const) {
    const read = shelfTags('stock', ids('S', stores), ids('p', products))
    const told = ids('S', stores).every((storeId) => ids('p', products).every((id) => meet(read, changedTags('stock', [storeId, id], null, null))))
    expect({ stores, products, short: read.length <= 201, told }).toEqual({ stores, products, short: true, told: true })
  }
})

test('few rows are told one by one, so that others drop nothing', () => {
  const change = changedTags('stock', ['S1', 'p1'], null, null)
  expect([meet(shelfTags('stock', ['S1'], ['p2', 'p3']), change), meet(rowTags('stock', ['S2']), change), meet(rowTags('product', ['p1']), change)]).toEqual([false, false, false])
})

test('a row that goes from one store to another is told in both, and one of an unknown entity nowhere', () => {
  const moved = changedTags('device', ['d1'], { store_id: 'S1' }, { store_id: 'S2' })
  expect([meet(storeTags('device', ['S1']), moved), meet(storeTags('device', ['S2']), moved), meet(storeTags('device', ['S3']), moved), changedTags('unknown', ['x'], null, null)]).toEqual([true, true, false, []])
})
