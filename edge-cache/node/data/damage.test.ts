import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isWithin, type KeyRange } from '../../../subgraphs/log/ranges.ts'
import { changedTags, rowTags, shelfTags } from '../../../subgraphs/shared/tags.ts'
import { Damage } from './damage.ts'
import { scratchFolder } from './testing/conditions.ts'

function damageIn(folder: string): Damage {
  return new Damage(join(folder, 'damage'), () => {})
}

// Ids that hold the sign that divides the parts of a tag are the hard ones.
const id = fc.stringMatching(/^[ab:]{1,3}$/)
const ends = fc.option(fc.tuple(id, id), { nil: null })

test('whatever reads a row of a damaged range is refused, by whichever of its tags it asks', () => {
  using folder = scratchFolder()
  fc.assert(
    fc.property(ends, ends, id, id, (after, through, storeId, productId) => {
      const range: KeyRange = { after, through }
      fc.pre(isWithin([storeId, productId], range))
      const damage = damageIn(folder.path)
      damage.found({ ranges: [{ entity: 'stock', range }] })
      for (const tag of [...shelfTags('stock', [storeId], [productId]), ...rowTags('stock', [storeId]), ...changedTags('stock', [storeId, productId], null, null)]) {
        expect({ tag, touched: damage.touches(tag) }).toEqual({ tag, touched: true })
      }
      damage.mended()
    }),
  )
})

test('what lies outside of it is not', () => {
  using folder = scratchFolder()
  const damage = damageIn(folder.path)
  damage.found({ ranges: [{ entity: 'product', range: { after: ['p2'], through: ['p4'] } }, { entity: 'reading', range: { after: ['d1', 'celsius', 5], through: ['d1', 'celsius', 9] } }] })
  const touched = ['product:p2', 'product:p3', 'product:p4', 'product:p5', 'product', 'stock:S1:p3', 'reading:d1', 'reading:d2', 'reading:d1:celsius:10', 'reading:d1:celsius:6', 'device@S1'].filter((tag) => damage.touches(tag))
  expect(touched).toEqual(['product:p3', 'product:p4', 'product', 'reading:d1', 'reading:d1:celsius:6'])
})

test('a table is held back with what is derived of it alone, and everything while nobody can tell', () => {
  using folder = scratchFolder()
  const damage = damageIn(folder.path)
  const tags = ['product:p1', 'product', 'stock:S1:p1', 'category:c1', 'category', 'store:S1']
  const touched = () => tags.filter((tag) => damage.touches(tag))
  damage.found({ tables: null })
  expect(touched()).toEqual(tags)
  damage.found({ tables: ['search_detail'] })
  expect(touched()).toEqual(['product', 'category'])
  damage.found({ tables: ['shown_stock'] })
  expect(touched()).toEqual(['stock:S1:p1'])
  damage.found({ tables: ['replica_state'] })
  expect(touched()).toEqual(tags)
  damage.found({ tables: [] })
  expect(damage.any).toBe(false)
})

test('it is known to the next process, and what cannot be read there stands for everything', () => {
  using folder = scratchFolder()
  damageIn(folder.path).found({ ranges: [{ entity: 'product', range: { after: null, through: ['p1'] } }] })
  const again = damageIn(folder.path)
  expect([again.touches('product:p1'), again.touches('product:p2')]).toEqual([true, false])
  writeFileSync(join(folder.path, 'damage'), '{"ranges":')
  expect(damageIn(folder.path).touches('store:S1')).toBe(true)
  again.mended()
  expect(damageIn(folder.path).any).toBe(false)
})
