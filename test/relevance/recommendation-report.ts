import { bootstrap, mean, type Quality } from './measures.ts'
import type { RecommendationReport } from './recommendation.ts'
import { signed } from './table.ts'

interface Section {
  readonly title: string
  readonly name: string
  readonly measure: 'hr10' | 'ndcg10'
  readonly qualities: Readonly<Record<string, readonly Quality[]>>
}

const rankerTitles: Readonly<Record<string, string>> = {
  aisle: 'Aisle, through the API', popularity: 'popularity', cosine: 'cosine', ease: 'EASE, orders weighted 1/√length', ownFrequency: 'own frequency, 0.9 decay',
}
const figureNames: Readonly<Record<string, string>> = { ownFrequency: 'own_frequency' }

function sections({ hidden, productPage, nextBasket }: RecommendationReport): Section[] {
  return [
    { title: 'One hidden product of a basket', name: 'hidden', measure: 'hr10', qualities: hidden },
    { title: 'Product page, one product known', name: 'product_page', measure: 'hr10', qualities: productPage },
    { title: 'Next basket of a known customer', name: 'next_basket', measure: 'ndcg10', qualities: nextBasket },
  ]
}

/**
 * By name: `<section>.hr10` and `<section>.ndcg10` are Aisle's; a baseline has `<section>.<baseline>`, in the section's own measure,
 * and both as `<section>.<baseline>.hr10`, `….ndcg10`. A section without cases has no figures but their number. `<section>.minus_<baseline>` is Aisle's less the baseline's, with its interval.
 */
export function recommendationFigures(report: RecommendationReport): Record<string, number> {
  const figures: Record<string, number> = { 'training.seconds': report.training.seconds, 'training.lines': report.training.saleLines }
  for (const { name, measure, qualities } of sections(report)) {
    figures[`${name}.cases`] = qualities.aisle?.length ?? 0
    // Where nothing could be asked, a rate would say something untrue.
    if (figures[`${name}.cases`] === 0) continue
    for (const [ranker, own] of Object.entries(qualities)) {
      const prefix = ranker === 'aisle' ? name : `${name}.${figureNames[ranker] ?? ranker}`
      Object.assign(figures, { [`${prefix}.hr10`]: mean(own.map(hit)), [`${prefix}.ndcg10`]: mean(own.map(({ ndcg10 }) => ndcg10)) })
      if (ranker === 'aisle') continue
      const { mean: difference, low, high } = difference10(qualities, ranker, measure)
      Object.assign(figures, {
        [prefix]: figures[`${prefix}.${measure}`],
        [`${name}.minus_${figureNames[ranker] ?? ranker}`]: difference,
        [`${name}.minus_${figureNames[ranker] ?? ranker}_low`]: low,
        [`${name}.minus_${figureNames[ranker] ?? ranker}_high`]: high,
      })
    }
  }
  return figures
}

/** Each section in its own measure first, less each baseline's. */
export function recommendationTable(report: RecommendationReport): string {
  const { split, training } = report
  const day = new Date(split.from).toISOString().slice(0, 10)
  const lines = [
    `Recommendations: learned from ${split.earlier.length.toLocaleString('en')} orders before ${day} in ${training.seconds.toFixed(1)} s, asked about ${split.later.length.toLocaleString('en')} later ones`,
  ]
  for (const { title, measure, qualities } of sections(report)) {
    if ((qualities.aisle?.length ?? 0) === 0) {
      lines.push('', `${title}: the later orders give nothing to ask`)
      continue
    }
    lines.push('', `${`${title} (${qualities.aisle?.length ?? 0})`.padEnd(44)}hit rate@10     NDCG@10   Aisle less it, by ${measure === 'hr10' ? 'hits' : 'NDCG'} (95 % interval)`)
    for (const [ranker, own] of Object.entries(qualities)) {
      const figures = `${mean(own.map(hit)).toFixed(3).padStart(9)}${mean(own.map(({ ndcg10 }) => ndcg10)).toFixed(3).padStart(12)}`
      const { mean: less, low, high } = difference10(qualities, ranker, measure)
      lines.push(`  ${(rankerTitles[ranker] ?? ranker).padEnd(44)}${figures}${ranker === 'aisle' ? '' : `   ${signed(less)} (${signed(low)} to ${signed(high)})`}`)
    }
  }
  return lines.join('\n')
}

function difference10(qualities: Section['qualities'], ranker: string, measure: Section['measure']) {
  const of = (quality: Quality | undefined): number => (quality === undefined ? 0 : measure === 'hr10' ? hit(quality) : quality.ndcg10)
  return bootstrap((qualities.aisle ?? []).map((own, at) => of(own) - of(qualities[ranker]?.[at])))
}

/** Whether an answer is among the ten. */
function hit({ mrr10 }: Quality): number {
  return mrr10 > 0 ? 1 : 0
}
