import { expect, test } from '@jest/globals'
import { Random } from '../differential/random.ts'
import { searchIndexExtension } from '../../subgraphs/search/index/extension.ts'
import { createSearchIndex } from '../../subgraphs/search/index/search-index.ts'
import { replicaOf } from '../conformance/catalogue.ts'
import { quantile } from './measures.ts'

/** `INDEX_PRODUCTS=50000` for the size that a store is to hold. */
const products = Number(process.env.INDEX_PRODUCTS ?? 4_000)

/** Syllables in place of words: a vocabulary that grows with the catalogue, a few words in most names. */
function catalogue(random: Random) {
  const syllable = (): string => random.pick('b c d f g k l m n p r s t v w'.split(' ')) + random.pick('a e i o u ai ou'.split(' '))
  const words = Array.from({ length: 200 + products / 4 }, () => Array.from({ length: random.integer(2, 4) }, syllable).join(''))
  const word = (): string => words[Math.floor(words.length * (random.integer(0, 999) / 1000) ** 3)] ?? ''
  const text = (count: number): string => Array.from({ length: count }, word).join(' ')
  const category = Array.from({ length: 60 }, (_, at) => ({ id: `c${at}`, parent_id: at > 9 ? `c${at % 10}` : null, name: text(1), path: '[]' }))
  const product = Array.from({ length: products }, (_, at) => ({
    id: `p${at}`, name: text(random.integer(4, 9)), description: text(random.integer(0, 16)), brand: `Brand ${at % 300}`, category_id: `c${random.integer(0, 59)}`,
    gtin: null, image_url: null, attributes: JSON.stringify(Array.from({ length: 12 }, (_each, place) => [`property ${place}`, text(1)])),
  }))
  return { category, product, list_price: product.map(({ id }, at) => ({ product_id: id, amount_minor: 100 + (at % 977), currency: 'GBP', updated_at: 1 })) }
}

test(`an index over ${products.toLocaleString('en')} products is built, and completes what is typed (the times are told, not judged)`, () => {
  const rows = catalogue(new Random(3))
  const connection = replicaOf({ ...rows, product: [] })
  const insert = connection.prepare('insert into product (id, name, description, brand, category_id, gtin, attributes, image_url) values (?, ?, ?, ?, ?, ?, ?, ?)')
  connection.exec('begin')
  for (const { id, name, description, brand, category_id, gtin, attributes, image_url } of rows.product) insert.run(id, name, description, brand, category_id, gtin, attributes, image_url)
  connection.exec('commit')
  const building = performance.now()
  connection.exec('begin')
  searchIndexExtension.rebuild(connection)
  connection.exec('commit')
  const seconds = (performance.now() - building) / 1000
  const index = createSearchIndex(connection)
  expect(index.match({ query: '' }).ranking.length).toBe(products)

  const random = new Random(4)
  const times: number[] = []
  for (let at = 0; at < 1_500; at += 1) {
    const name = random.pick(rows.product).name
    const typed = name.slice(0, random.integer(1, 14))
    const began = performance.now()
    const suggestions = index.suggest(at % 4 === 0 ? typed.replace(/(?<=..)./, '') : typed, 8)
    times.push(performance.now() - began)
    expect(suggestions.length).toBeLessThanOrEqual(8)
  }
  process.stdout.write(`index of ${products} products in ${seconds.toFixed(1)} s; a suggestion p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms\n`)
  connection.close()
}, 180_000)
