import type { IndexFacet } from './facets.ts'
import type { Matches } from './match.ts'
import type { PriceCount, SearchIndex } from './search-index.ts'

/** Remembered answers together hold no more matches than these: about 25 MB. One without any counts as so many. */
const mostMatches = 1_000_000
const leastOfOne = 50

/** An index that gives the same answer to the same question until it is told to forget. */
export interface RememberingIndex extends SearchIndex {
  /** To be called whenever what is searched may have changed. */
  forget(): void
  /** To be called whenever list prices, and nothing else, may have changed. */
  forgetPrices(): void
}

/** Few searches make up most of what is asked, and a next page asks the same again. Those asked least recently are forgotten first. */
export function remembering(index: SearchIndex): RememberingIndex {
  const known = new Map<string, Matches>()
  let facets = new WeakMap<Uint32Array, readonly IndexFacet[]>()
  let prices = new WeakMap<Uint32Array, readonly PriceCount[]>()
  let held = 0
  return {
    match(request) {
      const key = JSON.stringify([request.query, request.categoryIds ?? [], request.brands ?? [], request.attributes ?? []])
      const remembered = known.get(key)
      if (remembered !== undefined) {
        known.delete(key)
        known.set(key, remembered)
        return remembered
      }
      const found = index.match(request)
      known.set(key, found)
      held += leastOfOne + found.ranking.length
      for (const [oldest, { ranking }] of known) {
        if (held <= mostMatches || oldest === key) break
        known.delete(oldest)
        held -= leastOfOne + ranking.length
      }
      return found
    },
    facets(docs) {
      const remembered = facets.get(docs)
      if (remembered !== undefined) return remembered
      const counted = index.facets(docs)
      facets.set(docs, counted)
      return counted
    },
    priceCounts(docs) {
      const remembered = prices.get(docs)
      if (remembered !== undefined) return remembered
      const counted = index.priceCounts(docs)
      prices.set(docs, counted)
      return counted
    },
    prices: (docs) => index.prices(docs),
    ids: (docs) => index.ids(docs),
    names: (docs) => index.names(docs),
    suggest: (prefix, first) => index.suggest(prefix, first),
    forget() {
      known.clear()
      facets = new WeakMap()
      prices = new WeakMap()
      held = 0
    },
    forgetPrices() {
      prices = new WeakMap()
    },
  }
}
