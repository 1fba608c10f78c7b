/** How well one ranking answers one query. */
export interface Quality {
  /** Discounted gain of the ten best, against that of the best possible ten (Järvelin and Kekäläinen 2002), with linear gain. */
  readonly ndcg10: number
  /** 1 / place of the first product that answers the query, 0 where none of ten does. */
  readonly mrr10: number
  /** Share of the products that answer the query that are among the first hundred. */
  readonly recall100: number
  /** 1 where nothing at all was found. */
  readonly empty: number
}

export const qualityNames = ['ndcg10', 'mrr10', 'recall100', 'empty'] as const satisfies (keyof Quality)[]

/** A product answers a query from this gain on: a rating of 2, or a substitute. */
const answering = 0.5

export function qualityOf(ids: readonly string[], gains: ReadonlyMap<string, number>): Quality {
  const answers = new Set([...gains].filter(([, gain]) => gain >= answering).map(([id]) => id))
  const first = ids.slice(0, 10).findIndex((id) => answers.has(id))
  const found = ids.slice(0, 100).filter((id) => answers.has(id)).length
  const ideal = discounted([...gains.values()].toSorted((a, b) => b - a))
  return {
    ndcg10: ideal === 0 ? 0 : discounted(ids.map((id) => gains.get(id) ?? 0)) / ideal,
    mrr10: first === -1 ? 0 : 1 / (first + 1),
    recall100: answers.size === 0 ? 1 : found / answers.size,
    empty: ids.length === 0 ? 1 : 0,
  }
}

function discounted(gains: readonly number[]): number {
  return gains.slice(0, 10).reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0)
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The value that this share (0 to 1) of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0
}

export interface Interval {
  readonly mean: number
  readonly low: number
  readonly high: number
}

const resamples = 10_000

/**
 * The mean with its 95 % interval, by resampling the queries (Efron and Tibshirani 1993). Given the differences of two rankers on the
 * same queries, it is the paired one. The same values give the same interval.
 */
export function bootstrap(values: readonly number[]): Interval {
  const next = randomNumbers(1)
  const means = Array.from({ length: resamples }, () => {
    let sum = 0
    for (let drawn = 0; drawn < values.length; drawn += 1) sum += values[Math.floor(next() * values.length)] ?? 0
    return sum / Math.max(values.length, 1)
  })
  return { mean: mean(values), low: quantile(means, 0.025), high: quantile(means, 0.975) }
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32, Tommy Ettinger). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
