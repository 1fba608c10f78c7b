import { AisleError } from '../../runtime/errors.ts'
import { encodeCursor, pageSize, type Edge, type PageInfo } from '../shared/connection.ts'
import { requireHeld } from '../shared/scope.ts'
import type { ProductRow } from '../storage/database.ts'
import type { Facet } from './facet.ts'
import type { Ranking } from './index/ranking.ts'
import { compareRanked, cursorOf, placeAfter, placeOf, priceLead, type Ordered, type Place, type ProductSort, type Ranked } from './order.ts'
import type { SearchPart, SearchRequest } from './part.ts'
import { priceBounds } from './price-bound.ts'
import { priceFacet } from './price-facet.ts'
import { shelfOf } from './shelf.ts'
import { stockFacet } from './stock-facet.ts'

export interface SearchArgs {
  readonly query: string
  readonly filter?: FilterInput | null
  readonly sort?: ProductSort | null
  readonly storeId?: string | null
  readonly first?: number | null
  readonly after?: string | null
}

export interface FilterInput {
  readonly categoryIds?: readonly string[] | null
  readonly brands?: readonly string[] | null
  readonly attributes?: readonly { readonly name: string; readonly values: readonly string[] }[] | null
  readonly minPrice?: string | null
  readonly maxPrice?: string | null
  readonly inStock?: boolean | null
}

/** A search result; its page is read, its facets counted, only when they are asked for. */
export interface Listing {
  readonly totalCount: number
  readonly correctedQuery: string | null
  page(): Promise<ListingPage>
  facets(): Promise<readonly Facet[]>
}

export interface ListingPage {
  readonly edges: readonly Edge<ProductRow>[]
  readonly nodes: readonly ProductRow[]
  readonly pageInfo: PageInfo
}

const largestPage = 100
const longestQuery = 1_000

/**
 * Finds, narrows and orders the matches; whatever the page, over all of them.
 * @throws AisleError BAD_USER_INPUT, OUT_OF_SCOPE, STORE_UNKNOWN
 */
export async function listing(args: SearchArgs, { search, environment }: SearchRequest): Promise<Listing> {
  const { query, filter, storeId = null } = args
  const sort = args.sort ?? 'RELEVANCE'
  const first = pageSize(args.first ?? 20, largestPage)
  const after = placeOf(sort, args.after)
  if (query.length > longestQuery) throw new AisleError('BAD_USER_INPUT', `The argument \`query\` is longer than ${longestQuery} characters.`)
  if (filter?.inStock === true && storeId === null) throw new AisleError('BAD_USER_INPUT', 'The filter `inStock` needs the argument `storeId`: name the store.')
  if (storeId !== null) {
    requireHeld(environment, storeId)
    if (!(await search.store.hasStore(storeId))) throw new AisleError('STORE_UNKNOWN', `The chain has no store ${storeId}.`, { details: { storeId } })
  }
  const { ranking, correctedQuery } = search.index().match({
    query, categoryIds: filter?.categoryIds ?? [], brands: filter?.brands ?? [], attributes: filter?.attributes ?? [],
  })
  const kept = await narrowed(ranking, filter ?? {}, storeId, search)
  let page: Promise<ListingPage> | null = null
  return {
    totalCount: kept.length,
    correctedQuery,
    page: () => (page ??= ordered(kept, sort, storeId, search).then((inOrder) => readPage(inOrder, sort, first, after, search))),
    facets: () => facetsOf(kept.docs, storeId, search),
  }
}

/** What the index does not narrow by itself: price and stock. */
async function narrowed(ranking: Ranking, { minPrice = null, maxPrice = null, inStock }: FilterInput, storeId: string | null, search: SearchPart): Promise<Ranking> {
  const byPrice = minPrice !== null || maxPrice !== null
  if (!byPrice && inStock !== true) return ranking
  // The ranking moves what it holds as it is put in order: places in it hold for now.
  const docs = ranking.docs.slice()
  const shelf = await shelfOf(docs, storeId, inStock === true, search)
  const within = priceBounds(minPrice, maxPrice)
  return ranking.of(docs, (at) => {
    const price = byPrice ? shelf.price(at) : null
    return (inStock !== true || shelf.inStock(at)) && (!byPrice || (price !== null && within(price)))
  })
}

async function ordered(ranking: Ranking, sort: ProductSort, storeId: string | null, search: SearchPart): Promise<Ordered> {
  const whole = ranking.slice(0, sort === 'RELEVANCE' ? 0 : ranking.length)
  if (sort === 'RELEVANCE') return { length: ranking.length, slice: (from, to) => ranking.slice(from, to).map((hit) => ({ ...hit, lead: null })) }
  const docs = Uint32Array.from(whole, ({ doc }) => doc)
  const leads = sort === 'NAME' ? search.index().names(docs) : await shelfOf(docs, storeId, false, search).then((shelf) => whole.map((_, at) => priceLead(shelf.price(at))))
  return whole.map((hit, at): Ranked => ({ ...hit, lead: leads[at] ?? null })).toSorted((a, b) => compareRanked(sort, a, b))
}

/** Facets of the index, and of price and stock, over exactly these matches. */
async function facetsOf(docs: Uint32Array, storeId: string | null, search: SearchPart): Promise<Facet[]> {
  const index = search.index()
  const facets: Facet[] = [...index.facets(docs)]
  if (storeId === null) {
    search.notePrices(index.ids(docs))
    return [...facets, ...priceFacet(index.priceCounts(docs))]
  }
  const shelf = await shelfOf(docs, storeId, true, search)
  const places = Array.from(docs, (_, at) => at)
  const prices = places.flatMap((at) => shelf.price(at) ?? [])
  return [...facets, ...priceFacet(prices.map((price) => ({ ...price, count: 1 }))), stockFacet(places.filter((at) => shelf.inStock(at)).length)]
}

/** A product that was deleted after the index saw it is passed over, and the page filled with those behind it. */
async function readPage(matches: Ordered, sort: ProductSort, first: number, after: Place | null, { loaders }: SearchPart): Promise<ListingPage> {
  let next = after === null ? 0 : placeAfter(sort, matches, after)
  const edges: Edge<ProductRow>[] = []
  while (edges.length < first && next < matches.length) {
    const wanted = matches.slice(next, next + first - edges.length)
    const before = [matches.slice(next - 1, next)[0], ...wanted]
    next += wanted.length
    const products = await Promise.all(wanted.map(({ id }) => loaders.product.load(id)))
    for (const [at, match] of wanted.entries()) {
      const node = products[at] ?? null
      if (node !== null) edges.push({ cursor: encodeCursor(cursorOf(sort, { ...match, before: before[at]?.id ?? null })), node })
    }
  }
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: next < matches.length,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}
