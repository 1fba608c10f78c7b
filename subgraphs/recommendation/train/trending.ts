import type { Baskets } from './baskets.ts'
import { best, type Neighbour } from './neighbour.ts'

const dayMs = 86_400_000
/** A sale counts half as much for each of these that passed since. */
const halfLifeDays = 7
const windowDays = 28

/**
 * What sells best of late, by store and (empty id) in the whole chain: purchases of the last four weeks before the newest one,
 * the later the weightier. Purchases count, not pieces: one large order makes no trend.
 */
export function trendingProducts({ list }: Baskets): Map<string, Neighbour[]> {
  const newest = list.reduce((latest, { at }) => Math.max(latest, at), -Infinity)
  const scores = new Map<string, Map<number, number>>()
  for (const { items, storeId, at } of list) {
    const days = (newest - at) / dayMs
    if (days >= windowDays) continue
    for (const scope of storeId === null || storeId === '' ? [''] : ['', storeId]) {
      let own = scores.get(scope)
      if (own === undefined) scores.set(scope, (own = new Map()))
      for (const item of items) own.set(item, (own.get(item) ?? 0) + 0.5 ** (days / halfLifeDays))
    }
  }
  return new Map([...scores].map(([scope, own]) => [scope, best([...own].map(([item, score]) => ({ item, score })))]))
}
