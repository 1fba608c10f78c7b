import { bootstrap, mean, qualityNames, type Interval, type Quality } from './measures.ts'
import { signed } from './table.ts'
import { rankerNames, type Qualities, type SearchReport } from './search.ts'

const rankerTitles = { aisle: 'Aisle, through the API', fts5: 'FTS5, fields alike', tsRank: 'Postgres ts_rank' } as const
const qualityTitles = { ndcg10: 'NDCG@10', mrr10: 'MRR@10', recall100: 'recall@100', empty: 'empty' } as const

/** What is written with `--json`, by name. */
export function searchFigures({ clean, misspelt, withFacets, plain }: SearchReport): Record<string, number> {
  const figures: Record<string, number> = {}
  for (const [set, qualities] of [['clean', clean], ['typo', misspelt]] as const) {
    if (qualities === null) continue
    for (const ranker of rankerNames) {
      const prefix = ranker === 'aisle' ? set : `${set}.${ranker === 'fts5' ? 'fts5_equal' : 'ts_rank'}`
      const { ndcg10, mrr10, recall100, empty } = means(qualities[ranker])
      Object.assign(figures, { [`${prefix}.ndcg10`]: ndcg10, [`${prefix}.mrr10`]: mrr10, [`${prefix}.recall100`]: recall100, [`${prefix}.empty_rate`]: empty })
    }
    for (const [baseline, name] of [['fts5', 'fts5_equal'], ['tsRank', 'ts_rank']] as const) {
      const difference = gain(qualities, baseline)
      Object.assign(figures, {
        [`${set}.minus_${name}`]: difference.mean, [`${set}.minus_${name}_low`]: difference.low, [`${set}.minus_${name}_high`]: difference.high,
      })
    }
  }
  figures['latency.p50_ms'] = withFacets.p50
  figures['latency.p99_ms'] = withFacets.p99
  figures['latency.plain_p50_ms'] = plain.p50
  figures['latency.plain_p99_ms'] = plain.p99
  return figures
}

/** Differences first, then what they are made of. */
export function searchTable({ products, queries, clean, misspelt, withFacets, plain }: SearchReport): string {
  const sets = [['clean', clean], ['misspelt', misspelt]] as const
  const lines = [`Search: ${products.toLocaleString('en')} products, ${queries} queries that have an answer`, '']
  lines.push(`NDCG@10 of Aisle less that of …${' '.repeat(6)}difference   95 % interval (paired bootstrap)`)
  for (const [set, qualities] of sets) {
    if (qualities === null) continue
    for (const baseline of ['fts5', 'tsRank'] as const) {
      const { mean: difference, low, high } = gain(qualities, baseline)
      lines.push(`  ${`${rankerTitles[baseline]}, ${set}`.padEnd(34)}${signed(difference).padStart(11)}   ${signed(low)} to ${signed(high)}`)
    }
  }
  lines.push('', `${' '.repeat(36)}${qualityNames.map((name) => qualityTitles[name].padStart(12)).join('')}`)
  for (const [set, qualities] of sets) {
    if (qualities === null) continue
    for (const ranker of rankerNames) {
      const own = means(qualities[ranker])
      lines.push(`  ${`${rankerTitles[ranker]}, ${set}`.padEnd(34)}${qualityNames.map((name) => own[name].toFixed(3).padStart(12)).join('')}`)
    }
  }
  lines.push('', `Latency at the gateway, one client${' '.repeat(8)}p50          p99`)
  for (const [what, { p50, p99 }] of [['a page of 20', plain], ['a page of 20 with facets', withFacets]] as const) {
    lines.push(`  ${what.padEnd(34)}${`${p50.toFixed(1)} ms`.padStart(9)}${`${p99.toFixed(1)} ms`.padStart(13)}`)
  }
  return lines.join('\n')
}

function gain(qualities: Qualities, baseline: 'fts5' | 'tsRank'): Interval {
  return bootstrap(qualities.aisle.map(({ ndcg10 }, at) => ndcg10 - (qualities[baseline][at]?.ndcg10 ?? 0)))
}

function means(qualities: readonly Quality[]): Quality {
  const of = (name: keyof Quality): number => mean(qualities.map((quality) => quality[name]))
  return { ndcg10: of('ndcg10'), mrr10: of('mrr10'), recall100: of('recall100'), empty: of('empty') }
}
