import { searchThrough } from './api.ts'
import type { ServedCatalogue } from './catalogue.ts'
import type { JudgedQuery } from './dataset.ts'
import { fts5Baseline } from './fts5-baseline.ts'
import { qualityOf, quantile, type Quality } from './measures.ts'
import type { Ranker } from './rankers.ts'
import { tsRankBaseline } from './ts-rank-baseline.ts'

export const rankerNames = ['aisle', 'fts5', 'tsRank'] as const
export type RankerName = (typeof rankerNames)[number]

/** How well each ranker answers each query, in the order of the queries. */
export type Qualities = Readonly<Record<RankerName, readonly Quality[]>>

export interface Latency {
  readonly p50: number
  readonly p99: number
}

export interface SearchReport {
  readonly products: number
  readonly queries: number
  readonly clean: Qualities
  /** Null where the folder has no misspelt queries. */
  readonly misspelt: Qualities | null
  /** Milliseconds of a page with facets, and of one without, for one client. */
  readonly withFacets: Latency
  readonly plain: Latency
}

const rounds = 6

/** Asks the API and both baselines the same, in one session. */
export async function measureSearch(catalogue: ServedCatalogue, judged: readonly JudgedQuery[], say: (text: string) => void): Promise<SearchReport> {
  const { url, products } = catalogue
  say('indexing for the baselines')
  using fts5 = fts5Baseline(products)
  await using tsRank = await tsRankBaseline(catalogue.databaseUrl, products)
  const aisle: Ranker = async (query) => ((await searchThrough(url, 'ids', query)).nodes ?? []).map(({ id }) => id)
  const rankers = { aisle, fts5, tsRank }
  const all = async (queries: readonly JudgedQuery[], text: (query: JudgedQuery) => string): Promise<Qualities> => ({
    aisle: await qualities(rankers.aisle, queries, text),
    fts5: await qualities(rankers.fts5, queries, text),
    tsRank: await qualities(rankers.tsRank, queries, text),
  })
  say(`asking ${judged.length} queries`)
  const clean = await all(judged, ({ text }) => text)
  const withTypo = judged.filter(({ misspelt }) => misspelt !== null)
  say('asking them misspelt')
  const misspelt = withTypo.length === 0 ? null : await all(withTypo, ({ misspelt: text }) => text ?? '')
  const texts = judged.flatMap(({ text, misspelt: typo }) => (typo === null ? [text] : [text, typo]))
  return {
    products: products.length, queries: judged.length, clean, misspelt,
    plain: await latency(url, 'page', texts, say),
    withFacets: await latency(url, 'pageWithFacets', texts, say),
  }
}

async function qualities(ranker: Ranker, queries: readonly JudgedQuery[], text: (query: JudgedQuery) => string): Promise<Quality[]> {
  const measured: Quality[] = []
  for (const query of queries) measured.push(qualityOf(await ranker(text(query)), query.gains))
  return measured
}

/** One client, one request after the other; the first round warms up and is not counted. */
async function latency(url: string, document: 'page' | 'pageWithFacets', texts: readonly string[], say: (text: string) => void): Promise<Latency> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round += 1) {
    say(`timing ${document === 'page' ? 'pages' : 'pages with facets'}, round ${round} of ${rounds}`)
    for (const text of texts) {
      const { ms } = await searchThrough(url, document, text)
      if (round > 0) times.push(ms)
    }
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}
