import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { entities, type EntityName } from '../../storage/entities.ts'
import type { AppliedChange } from '../../storage/sqlite/extension.ts'
import { indexedEntities, searchIndexExtension } from './extension.ts'
import { createSearchIndex } from './search-index.ts'

type Cells = Readonly<Record<string, string | number | null>>
/** One row after a step, or its end. */
interface Step {
  readonly entity: (typeof indexedEntities)[number]
  readonly id: string
  readonly cells: Cells | null
}

const word = fc.constantFrom('usb', 'USB-C', 'cable', 'cables', 'lamp', 'red', '1.5 l', '17"', 'i7-8700', 'Küche', 'keyboard', 'keybord')
const text = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(' '))
const categoryIds = ['a', 'b', 'c', 'd']
const attributes = fc.array(fc.tuple(fc.constantFrom('colour', 'size'), word), { maxLength: 3 }).map((list) => JSON.stringify(list))

const productStep = fc.record({
  entity: fc.constant('product' as const),
  id: fc.constantFrom('1', '2', '3', '4', '5', '6', '7'),
  cells: fc.option(
    fc.record({
      name: text, description: fc.option(text), brand: fc.option(fc.constantFrom('Acme', 'Bolt')),
      category_id: fc.option(fc.constantFrom(...categoryIds, 'gone')), attributes, gtin: fc.constant(null), image_url: fc.constant(null),
    }),
    { freq: 4 },
  ),
})
const categoryStep = fc.nat({ max: categoryIds.length - 1 }).chain((at) =>
  fc.record({
    entity: fc.constant('category' as const),
    id: fc.constant(categoryIds[at] ?? ''),
    // A parent always stands before its child, so that there is no circle.
    cells: fc.option(fc.record({ name: word, parent_id: fc.option(fc.constantFrom('gone', ...categoryIds.slice(0, at))), path: fc.constant('[]') }), { freq: 4 }),
  }),
)
const priceStep = fc.record({
  entity: fc.constant('list_price' as const),
  id: fc.constantFrom('1', '2', '3', '4', '5', '6', '7'),
  cells: fc.option(fc.record({ amount_minor: fc.constantFrom(100, 250, 990), currency: fc.constantFrom('GBP', 'EUR'), updated_at: fc.constant(1) }), { freq: 4 }),
})
const history = fc.array(fc.array(fc.oneof({ weight: 3, arbitrary: productStep }, categoryStep, priceStep), { minLength: 1, maxLength: 6 }), { maxLength: 12 })

function emptyReplica(): DatabaseSync {
  const connection = new DatabaseSync(':memory:')
  for (const entity of indexedEntities) connection.exec(`create table ${entity} (${Object.keys(entities[entity].columns).join(', ')}, primary key (${entities[entity].key.join(', ')}))`)
  searchIndexExtension.create(connection)
  return connection
}

function write(connection: DatabaseSync, entity: EntityName, id: string, cells: Cells | null): void {
  const [key = ''] = entities[entity].key
  connection.prepare(`delete from ${entity} where ${key} = ?`).run(id)
  if (cells === null) return
  const columns = [key, ...Object.keys(cells)]
  connection.prepare(`insert into ${entity} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`).run(id, ...Object.values(cells))
}

function apply(connection: DatabaseSync, batch: readonly Step[]): void {
  connection.exec('begin')
  const changes = batch.map(({ entity, id, cells }, at): AppliedChange => {
    const previous = connection.prepare(`select * from ${entity} where ${entities[entity].key[0]} = ?`).get(id) ?? null
    write(connection, entity, id, cells)
    return { scope: 'chain', position: at + 1, entity, key: [id], op: cells === null ? 'delete' : 'put', row: cells === null ? null : { id, ...cells }, previous }
  })
  searchIndexExtension.apply(connection, changes)
  connection.exec('commit')
}

const questions = ['', 'usb', 'usb-c cable', 'usbc', 'cables lamp', 'keybaord', 'kuche red', '1.5l', '17 inch', 'i78700', 'lmap']

function answers(connection: DatabaseSync): unknown {
  const index = createSearchIndex(connection)
  return questions.flatMap((query) => {
    const plain = index.match({ query })
    const found = [plain, index.match({ query, categoryIds: ['a'], brands: ['Acme'] }), index.match({ query, attributes: [{ name: 'colour', values: ['usb', 'red'] }] })]
    // Numbers of documents differ with the history; nothing that is shown does.
    const docs = Uint32Array.from(plain.ranking.slice(0, 10), ({ doc }) => doc)
    return [
      ...found.map(({ ranking, correctedQuery }) => ({ hits: ranking.slice(0, 10).map(({ id, score }) => [id, score]), correctedQuery })),
      index.facets(docs), index.priceCounts(docs).toSorted((a, b) => a.minor - b.minor || (a.currency < b.currency ? -1 : 1)), index.prices(docs), index.names(docs), index.ids(docs), index.suggest(query, 20),
    ]
  })
}

test('whatever the history, the index answers as if it were built afresh', () => {
  fc.assert(
    fc.property(history, (batches) => {
      const lived = emptyReplica()
      const final = new Map<string, Step>()
      for (const batch of batches) {
        apply(lived, batch)
        answers(lived)
        for (const step of batch) final.set(`${step.entity}/${step.id}`, step)
      }
      const fresh = emptyReplica()
      for (const { entity, id, cells } of final.values()) write(fresh, entity, id, cells)
      searchIndexExtension.rebuild(fresh)
      expect(answers(lived)).toEqual(answers(fresh))
      lived.close()
      fresh.close()
    }),
    { numRuns: 60 },
  )
})

test('a renamed category is found under its new name, with all below it', () => {
  const connection = emptyReplica()
  apply(connection, [
    { entity: 'category', id: 'a', cells: { name: 'Drinks', parent_id: null, path: '["Drinks"]' } },
    { entity: 'category', id: 'b', cells: { name: 'Tea', parent_id: 'a', path: '["Drinks","Tea"]' } },
    { entity: 'product', id: '1', cells: { name: 'Assam', description: null, brand: null, category_id: 'b', attributes: '[]', gtin: null, image_url: null } },
  ])
  const index = createSearchIndex(connection)
  expect(index.match({ query: 'drinks' }).ranking.ids()).toEqual(['1'])
  apply(connection, [{ entity: 'category', id: 'a', cells: { name: 'Beverages', parent_id: null, path: '["Beverages"]' } }])
  expect(index.match({ query: 'beverage' }).ranking.ids()).toEqual(['1'])
  const { ranking, correctedQuery } = index.match({ query: 'drinks' })
  expect([ranking.ids(), correctedQuery]).toEqual([[], null])
  connection.close()
})

test('any text at all is a query', () => {
  const connection = emptyReplica()
  apply(connection, [{ entity: 'product', id: '1', cells: { name: 'near or not', description: null, brand: null, category_id: null, attributes: '[]', gtin: null, image_url: null } }])
  const index = createSearchIndex(connection)
  for (const query of ['"', '""', 'a" OR "b', 'NEAR(a b)', 'name:x', '^a', 'a*', '-a', '(', '\0', 'a\0b', '🎧', '\ud800', 'x'.repeat(1000), "'; drop table product; --"]) {
    expect(() => [index.match({ query }), index.suggest(query, 5)]).not.toThrow()
  }
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (query) => {
    index.match({ query })
    index.suggest(query, 5)
  }))
  expect(index.match({ query: 'NEAR OR NOT' }).ranking.ids()).toEqual(['1'])
  connection.close()
})
