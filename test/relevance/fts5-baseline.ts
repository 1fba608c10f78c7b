import { DatabaseSync } from 'node:sqlite'
import type { ProductTexts, Ranker } from './rankers.ts'

/** What SQLite gives out of the box: FTS5 over the same texts, all fields alike, any of the words. */
export function fts5Baseline(products: readonly ProductTexts[]): Ranker & Disposable {
  const connection = new DatabaseSync(':memory:')
  connection.exec("create virtual table text using fts5(id unindexed, name, category, brand, description, attributes, tokenize = 'porter unicode61')")
  const insert = connection.prepare('insert into text values (?, ?, ?, ?, ?, ?)')
  connection.exec('begin')
  for (const { id, name, category, brand, description, attributes } of products) insert.run(id, name, category, brand, description, attributes)
  connection.exec('commit')
  const select = connection.prepare('select id from text where text match ? order by round(bm25(text), 9), id limit 100')
  const rank: Ranker = async (query) => {
    const words = query.match(/[\p{L}\p{N}]+/gu) ?? []
    return words.length === 0 ? [] : select.all(words.map((word) => `"${word}"`).join(' OR ')).map(({ id }) => String(id))
  }
  return Object.assign(rank, { [Symbol.dispose]: () => connection.close() })
}
