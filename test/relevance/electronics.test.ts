import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { searchIndexExtension } from '../../subgraphs/search/index/extension.ts'
import { createSearchIndex } from '../../subgraphs/search/index/search-index.ts'
import { readJudgedQueries, readTable } from './dataset.ts'
import { mean, qualityOf } from './measures.ts'

const folder = fileURLToPath(new URL('../../../shared/data/electronics/', import.meta.url))
const withElectronics = existsSync(folder) ? test : test.skip

withElectronics('judged searches are answered well, also misspelt (skipped without ../shared/data/electronics)', () => {
  const connection = indexed()
  const index = createSearchIndex(connection)
  const judged = readJudgedQueries(folder)
  const measured = [false, true].map((misspelt) => {
    const qualities = judged.map(({ text, misspelt: typo, gains }) => qualityOf(index.match({ query: misspelt ? (typo ?? text) : text }).ranking.ids(), gains))
    return { ndcg: mean(qualities.map(({ ndcg10 }) => ndcg10)), empty: mean(qualities.map(({ empty }) => empty)) }
  })
  const [clean, typo] = measured
  process.stdout.write(`NDCG@10 over ${judged.length} queries: clean ${clean?.ndcg.toFixed(3)}, misspelt ${typo?.ndcg.toFixed(3)}\n`)
  expect(clean?.ndcg).toBeGreaterThan(0.78)
  expect(typo?.ndcg).toBeGreaterThan(0.7)
  for (const { empty } of measured) expect(empty).toBeLessThanOrEqual(0.015)
  connection.close()
}, 180_000)

/** The folder's products, each named category a level of its own. */
function indexed(): DatabaseSync {
  const connection = new DatabaseSync(':memory:')
  connection.exec('create table category (id primary key, parent_id, name, path)')
  connection.exec('create table list_price (product_id primary key, amount_minor, currency)')
  connection.exec('create table product (id primary key, name, description, brand, category_id, gtin, attributes, image_url)')
  const category = connection.prepare(`insert or ignore into category values (?1, null, ?1, '[]')`)
  const product = connection.prepare('insert into product (id, name, description, brand, category_id, attributes) values (?, ?, ?, ?, ?, ?)')
  connection.exec('begin')
  const orNull = (text = ''): string | null => (text === '' ? null : text)
  for (const row of readTable(folder, 'products')) {
    if (orNull(row.category) !== null) category.run(orNull(row.category))
    const attributes = Object.entries(JSON.parse(row.attributes === undefined || row.attributes === '' ? '{}' : row.attributes) as Record<string, unknown>)
    const pairs = attributes.map(([name, value]) => [name, String(value)])
    product.run(row.id ?? '', row.name ?? '', orNull(row.description), orNull(row.brand), orNull(row.category), JSON.stringify(pairs))
  }
  searchIndexExtension.rebuild(connection)
  connection.exec('commit')
  return connection
}
