import { splitByTrade, type Basket, type Baskets } from '../../subgraphs/recommendation/train/baskets.ts'
import { easeWeights, type WeightRow } from '../../subgraphs/recommendation/train/ease.ts'
import { gramOf } from '../../subgraphs/recommendation/train/gram.ts'
import { cellOf } from '../../subgraphs/recommendation/train/tiles.ts'
import { trainDefaults } from '../../subgraphs/recommendation/train/train.ts'
import type { Order } from './orders.ts'

/** Products with how much each counts → the ten best. */
export type WeightedRanker = (weights: ReadonlyMap<string, number>, options?: { readonly withKnown?: boolean }) => readonly string[]

export interface OrderBaselines {
  /** What is in most orders. */
  readonly popularity: WeightedRanker
  /** Cosine of the orders that two products are in, all orders alike. */
  readonly cosine: WeightedRanker
  /** EASE over the whole matrix, orders weighted by 1/√length; nothing is left out of its weights. */
  readonly ease: WeightedRanker
}

/** The best of 5, 10, 20, 50 and 100 for orders without an age. */
const easeLambda = 10

/** Rankers as textbooks have them, on the same orders. Products beyond what a matrix can hold, those in fewest orders, are left out. */
export async function orderBaselines(orders: readonly Order[], onProgress: (share: number) => void): Promise<OrderBaselines> {
  const products = [...new Set(orders.flatMap(({ productIds }) => productIds))].toSorted()
  const places = new Map(products.map((id, at) => [id, at]))
  const list = orders.map(({ productIds, at }): Basket => ({ items: productIds.map((id) => places.get(id) ?? 0).toSorted((a, b) => a - b), storeId: null, at }))
  const baskets: Baskets = { products, list }
  const items = splitByTrade(baskets, trainDefaults.maxProducts).most
  const ids = items.map((item) => products[item] ?? '')
  const counts = gramOf(baskets, items, () => 1)
  const often = Float64Array.from(items, (_, at) => counts.data[cellOf(at, at)] ?? 0)
  const ease = await easeWeights(baskets, items, { lambda: easeLambda, onProgress })
  return {
    popularity: ranker(ids, null, often),
    cosine: ranker(ids, (row) => often.map((own, column) => (column === row ? 0 : (counts.data[cellOf(row, column)] ?? 0) / Math.sqrt(own * (often[row] ?? 1))))),
    ease: ranker(ids, ease),
  }
}

/** Adds the rows of what is known to what holds for all; what is known already is not recommended unless it is asked for. */
function ranker(ids: readonly string[], row: WeightRow | null, always?: Float64Array): WeightedRanker {
  const places = new Map(ids.map((id, at) => [id, at]))
  return (weights, { withKnown = false } = {}) => {
    const scores = always?.slice() ?? new Float64Array(ids.length)
    for (const [id, weight] of weights) {
      const at = places.get(id)
      if (at === undefined) continue
      if (row !== null) for (const [column, score] of row(at).entries()) scores[column]! += weight * score
    }
    if (!withKnown) for (const id of weights.keys()) if (places.has(id)) scores[places.get(id) ?? 0] = -Infinity
    return best(ids, scores)
  }
}

/** The ten best, ties by id; one pass, since thousands of lists are asked for. */
function best(ids: readonly string[], scores: Float64Array): string[] {
  const kept: number[] = []
  for (const [at, score] of scores.entries()) {
    if (score === -Infinity || (kept.length === 10 && score <= (scores[kept[9] ?? 0] ?? 0))) continue
    const place = kept.findLastIndex((other) => (scores[other] ?? 0) >= score) + 1
    kept.splice(place, 0, at)
    kept.length = Math.min(kept.length, 10)
  }
  return kept.map((at) => ids[at] ?? '')
}

/** How often each product was bought, an order counting 0.9 of the one after it; oldest order first. */
export function decayedFrequency(orders: readonly (readonly string[])[]): Map<string, number> {
  const weights = new Map<string, number>()
  for (const [at, ids] of orders.entries()) for (const id of ids) weights.set(id, (weights.get(id) ?? 0) + 0.9 ** (orders.length - 1 - at))
  return weights
}
