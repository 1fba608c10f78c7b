import { Client } from 'pg'
import type { ProductTexts, Ranker } from './rankers.ts'

/**
 * What Postgres gives out of the box: `ts_rank` over English stems of the same texts, weighted A to D from name to attributes, those with
 * all the words first, then those with any. Works in a table of its own, in the database at `url`.
 */
export async function tsRankBaseline(url: string, products: readonly ProductTexts[]): Promise<Ranker & AsyncDisposable> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('create table relevance_baseline (id text primary key, words tsvector not null)')
  const texts = (['name', 'category', 'brand', 'description', 'attributes'] as const).map((field) => products.map((product) => product[field]))
  await client.query(
    `insert into relevance_baseline
     select id, setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', category), 'B') || setweight(to_tsvector('english', brand), 'B')
       || setweight(to_tsvector('english', description), 'C') || setweight(to_tsvector('english', attributes), 'D')
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as product (id, name, category, brand, description, attributes)`,
    [products.map(({ id }) => id), ...texts],
  )
  await client.query('create index on relevance_baseline using gin (words)')
  await client.query('analyze relevance_baseline')
  const rank: Ranker = async (query) => {
    const words = query.match(/[\p{L}\p{N}]+/gu) ?? []
    if (words.length === 0) return []
    const { rows } = await client.query<{ id: string }>(
      `select id from relevance_baseline, to_tsquery('english', $1) all_words, to_tsquery('english', $2) any_word
       where words @@ any_word order by words @@ all_words desc, ts_rank(words, any_word) desc, id limit 100`,
      [words.join(' & '), words.join(' | ')],
    )
    return rows.map(({ id }) => id)
  }
  return Object.assign(rank, { [Symbol.asyncDispose]: () => client.end() })
}
