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

test('a folder without judgements, or with a rating that is none, is refused', async () => {
  await within({ 'products.csv': products }, async (folder) => {
    await expect(runRelevance({ folder }, collect(), collect())).rejects.toThrow('has no judged queries')
  })
  await within({ 'judgements.csv': 'query_id,product_id,rating\na,1,4\n' }, async (folder) => {
    await expect(runRelevance({ folder }, collect(), collect())).rejects.toThrow('row 2: the rating "4"')
  })
})
