import type { IndexFacet } from './facets.ts'
import type { Matches } from './match.ts'
import type { SearchIndex } from './search-index.ts'

/** Remembered answers together hold no more matches than these: about 25 MB. One without any counts as so many. */
const mostMatches = 1_000_000
const leastOfOne = 50

/** An index that gives the same answer to the same question until it is told to forget. */
export interface RememberingIndex extends SearchIndex {
  /** To be called whenever what is searched may have changed. */
  forget(): void
}

/** Few searches make up most of what is asked, and a next page asks the same again. Those asked least recently are forgotten first. */
export function remembering(index: SearchIndex): RememberingIndex {
  const known = new Map<string, Matches>()
  let facets = new WeakMap<readonly number[], readonly IndexFacet[]>()
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
      held += leastOfOne + found.docs.length
      for (const [oldest, { docs }] of known) {
        if (held <= mostMatches || oldest === key) break
        known.delete(oldest)
        held -= leastOfOne + docs.length
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
    suggest: (prefix, first) => index.suggest(prefix, first),
    forget() {
      known.clear()
      facets = new WeakMap()
      held = 0
    },
  }
}
