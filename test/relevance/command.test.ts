import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { runRelevance } from './command.ts'

const collect = (): { readonly text: string; write(text: string): void } => ({
  text: '',
  write(text) {
    Object.assign(this, { text: this.text + text })
  },
})

async function within(files: Readonly<Record<string, string>>, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'aisle-relevance-test-'))
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const products = 'id,name,brand\n1,Brass lamp,Lumen\n2,Copper kettle,Boil\n3,Table lamp shade,Lumen\n'

test('a folder is served and measured through the API, beside the baselines', async () => {
  const files = {
    'products.csv': products,
    'queries.csv': 'query_id,query\na,brass lamp\nb,kettle\nc,violin\n',
    'queries_typo.csv': 'query_id,query\na,brass lmap\nb,ketle\n',
    'judgements.csv': 'query_id,product_id,rating\na,1,3\na,3,1\nb,2,E\nb,1,I\nc,1,0\n',
  }
  await within(files, async (folder) => {
    const out = collect()
    const json = join(folder, 'figures.json')
    await runRelevance({ folder, json }, out, collect())
    const { figures } = JSON.parse(await readFile(json, 'utf8')) as { figures: Record<string, number> }
    expect(figures).toMatchObject({ 'clean.ndcg10': 1, 'clean.empty_rate': 0, 'clean.fts5_equal.ndcg10': 1, 'clean.minus_fts5_equal': 0, 'clean.ts_rank.ndcg10': 1 })
    expect(figures).toMatchObject({ 'typo.ndcg10': 1, 'typo.fts5_equal.empty_rate': 0.5 })
    expect(figures['latency.p99_ms']).toBeGreaterThanOrEqual(figures['latency.p50_ms'] ?? Infinity)
    expect(out.text).toContain('3 products, 2 queries that have an answer')
  })
}, 120_000)

/** Lamp and shade go together, kettle and cup; the last month says so again. */
function orders(): Record<string, string> {
  const baskets = Array.from({ length: 48 }, (_, at) => ({
    id: `o${at}`, customer: `c${at % 4}`, at: `2026-0${1 + Math.floor(at / 12)}-${10 + (at % 12)}T12:00:00Z`, items: at % 2 === 0 ? ['1', '3'] : ['2', '4'],
  }))
  return {
    'products.csv': `${products}4,Tea cup,Boil\n`,
    'stores.csv': 'id,name,timezone\ns1,One,UTC\n',
    'orders.csv': `id,store_id,customer_id,ordered_at\n${baskets.map(({ id, customer, at }) => `${id},s1,${customer},${at}\n`).join('')}`,
    'order_lines.csv': `order_id,product_id,quantity,unit_price,currency\n${baskets.flatMap(({ id, items }) => items.map((item) => `${id},${item},1,2.50,GBP\n`)).join('')}`,
  }
}

test('orders of the last month are foretold through the API, beside the baselines', async () => {
  await within(orders(), async (folder) => {
    const out = collect()
    const json = join(folder, 'figures.json')
    await runRelevance({ folder, json }, out, collect())
    const { figures } = JSON.parse(await readFile(json, 'utf8')) as { figures: Record<string, number> }
    expect(figures).toMatchObject({ 'hidden.cases': 12, 'hidden.hr10': 1, 'hidden.ease': 1, 'hidden.cosine': 1, 'product_page.hr10': 1, 'product_page.minus_ease': 0 })
    expect(figures).toMatchObject({ 'next_basket.cases': 4, 'next_basket.ndcg10': 1, 'next_basket.own_frequency': 1 })
    // Popularity has three products left to show beside the one that is known.
    expect(figures['hidden.popularity']).toBe(1)
    expect(figures['hidden.popularity.ndcg10']).toBeLessThan(1)
    expect(figures['clean.ndcg10']).toBeUndefined()
    expect(out.text).toContain('learned from 36 orders before 2026-04-01')
  })
}, 120_000)

test('the moment of the split may be told, and one without orders before it is refused', async () => {
  await within(orders(), async (folder) => {
    const out = collect()
    await runRelevance({ folder, holdoutFrom: '2026-03-01' }, out, collect())
    expect(out.text).toContain('learned from 24 orders before 2026-03-01')
    await expect(runRelevance({ folder, holdoutFrom: '2026-01-01' }, out, collect())).rejects.toThrow('nothing to measure by')
    await expect(runRelevance({ folder, holdoutFrom: 'March' }, out, collect())).rejects.toThrow('a day, as in 2026-02-01')
  })
}, 120_000)

test('a folder without judgements and orders, or with a rating that is none, is refused', async () => {
  await within({ 'products.csv': products }, async (folder) => {
    await expect(runRelevance({ folder }, collect(), collect())).rejects.toThrow('nothing to measure by')
  })
  await within({ 'judgements.csv': 'query_id,product_id,rating\na,1,4\n' }, async (folder) => {
    await expect(runRelevance({ folder }, collect(), collect())).rejects.toThrow('row 2: the rating "4"')
  })
})
