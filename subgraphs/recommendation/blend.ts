import type { Recommended } from './packed.ts'
import type { Purchase } from './store.ts'

/** Products with how much each counts. */
export type Weights = ReadonlyMap<string, number>

/**
 * What the neighbours of some products say together: their scores, weighted, summed up and divided by the sum of the weights,
 * so that lists of different baskets compare.
 * @param neighbours what was bought with each product; a product without any counts all the same
 */
export function sumNeighbours(weights: Weights, neighbours: ReadonlyMap<string, readonly Recommended[]>): Map<string, number> {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  const scores = new Map<string, number>()
  for (const [productId, weight] of weights) {
    for (const other of neighbours.get(productId) ?? []) scores.set(other.productId, (scores.get(other.productId) ?? 0) + (weight * other.score) / total)
  }
  return scores
}

/** How much what sells best of late counts beside the best neighbour: what is in many baskets now is in those with this product too. */
const trendShare = 0.1

/** What was bought together with a product, those that sell well of late lifted. @param trends best first */
export function liftTrending(together: readonly Recommended[], trends: readonly Recommended[]): Recommended[] {
  const most = (together[0]?.score ?? 0) / (trends[0]?.score ?? 1)
  const lifts = new Map(trends.map(({ productId, score }) => [productId, trendShare * most * score]))
  return ranked(together.map((item) => ({ ...item, score: item.score + (lifts.get(item.productId) ?? 0) })))
}

/** What goes with a basket, without what is in it. */
export function recommendForBasket(productIds: readonly string[], neighbours: ReadonlyMap<string, readonly Recommended[]>): Recommended[] {
  const weights = new Map(productIds.map((id) => [id, 1]))
  const scores = sumNeighbours(weights, neighbours)
  return ranked([...scores].filter(([id, score]) => score > 0 && !weights.has(id)).map(([productId, score]) => ({ productId, score, reason: 'BOUGHT_TOGETHER' })))
}

/** How much less a purchase counts than the next one after it. */
const purchaseDecay = 0.9
/** How much neighbours count beside what the customer bought before; most of what is bought was bought before. */
const neighbourShare = 0.3

/** How often a customer bought each product, older purchases counting less. @param purchases newest first */
export function purchaseWeights(purchases: readonly Purchase[]): Map<string, number> {
  const weights = new Map<string, number>()
  const sales = new Map<string, Set<string>>()
  for (const { saleId, productId } of purchases) {
    let products = sales.get(saleId)
    if (products === undefined) sales.set(saleId, (products = new Set()))
    if (products.has(productId)) continue
    products.add(productId)
    weights.set(productId, (weights.get(productId) ?? 0) + purchaseDecay ** (sales.size - 1))
  }
  return weights
}

/** What a customer may buy next: what they bought before, and what goes with it; each part relative to its best. */
export function recommendForCustomer(weights: Weights, neighbours: ReadonlyMap<string, readonly Recommended[]>): Recommended[] {
  const own = relative(weights)
  const others = relative(new Map([...sumNeighbours(weights, neighbours)].filter(([, score]) => score > 0)))
  const ids = new Set([...own.keys(), ...others.keys()])
  return ranked(
    [...ids].map((productId) => ({
      productId,
      score: (1 - neighbourShare) * (own.get(productId) ?? 0) + neighbourShare * (others.get(productId) ?? 0),
      reason: own.has(productId) ? 'BOUGHT_BEFORE' : 'BOUGHT_TOGETHER',
    })),
  )
}

function relative(scores: Weights): Map<string, number> {
  const most = Math.max(...scores.values())
  return new Map([...scores].map(([id, score]) => [id, score / most]))
}

/** Best first by score rounded to 1e-6, then by id. */
function ranked(recommended: readonly Recommended[]): Recommended[] {
  return recommended
    .map((item) => ({ ...item, score: Math.round(item.score * 1e6) / 1e6 }))
    .toSorted((a, b) => b.score - a.score || (a.productId < b.productId ? -1 : 1))
}
