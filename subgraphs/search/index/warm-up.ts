import type { SearchIndex } from './search-index.ts'

/** So many searches are made, by words of products from all over the catalogue. */
const searches = 24

/** Reads what every search needs and makes a few, so that the first shoppers do not wait for it: a fraction of a second. */
export function warmUp(index: SearchIndex): void {
  const { docs } = index.match({ query: '' }).ranking
  index.facets(docs)
  const some = docs.filter((_, at) => at % Math.max(1, Math.ceil(docs.length / searches)) === 0)
  for (const name of index.names(some)) {
    const { ranking } = index.match({ query: name.split(' ').slice(-2).join(' ') })
    index.facets(ranking.docs)
    index.priceCounts(ranking.docs)
  }
}
