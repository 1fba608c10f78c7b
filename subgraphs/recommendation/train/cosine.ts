import { basketWeight, postingsOf, type Baskets } from './baskets.ts'
import { best, type Neighbour } from './neighbour.ts'

/**
 * Products bought together with each of `items`, by the cosine of the baskets they are in, weighted as for EASE. For products
 * beyond what EASE can invert: it costs what their own baskets hold, whatever the size of the catalogue.
 */
export function cosineNeighbours(baskets: Baskets, items: readonly number[]): Map<number, Neighbour[]> {
  const postings = postingsOf(baskets)
  const weights = baskets.list.map(basketWeight)
  const lengths = postings.map((list) => Math.sqrt(list.reduce((sum, at) => sum + (weights[at] ?? 0), 0)))
  const neighbours = new Map<number, Neighbour[]>()
  for (const item of items) {
    const shared = new Map<number, number>()
    for (const at of postings[item] ?? []) {
      for (const other of baskets.list[at]?.items ?? []) if (other !== item) shared.set(other, (shared.get(other) ?? 0) + (weights[at] ?? 0))
    }
    const scored = [...shared].map(([other, sum]) => ({ item: other, score: sum / ((lengths[item] ?? 1) * (lengths[other] ?? 1)) }))
    neighbours.set(item, best(scored))
  }
  return neighbours
}
