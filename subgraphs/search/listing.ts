import { AisleError } from '../../runtime/errors.ts'
import { encodeCursor, pageSize, type Edge, type PageInfo } from '../shared/connection.ts'
import { requireHeld } from '../shared/scope.ts'
import type { ProductRow } from '../storage/database.ts'
import type { Facet } from './facet.ts'
import type { Matches } from './index/match.ts'
import { compareRanked, cursorOf, leadOf, placeOf, type ProductSort, type Ranked } from './order.ts'
import type { SearchPart, SearchRequest } from './part.ts'
import { priceBounds } from './price-bound.ts'
import { priceFacet } from './price-facet.ts'

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

/** A match with its number in the index. */
interface Found extends Ranked {
  readonly doc: number
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
  const matches = search.index().match({
    query, categoryIds: filter?.categoryIds ?? [], brands: filter?.brands ?? [], attributes: filter?.attributes ?? [],
  })
  const ranked = await narrowed(matches, sort, filter ?? {}, storeId, search)
  let page: Promise<ListingPage> | null = null
  return {
    totalCount: ranked.length,
    correctedQuery: matches.correctedQuery,
    page: () => (page ??= readPage(ranked, sort, first, after, search)),
    async facets() {
      const whole = ranked.length === matches.docs.length
      const prices = priceFacet(await search.store.priceCounts(whole ? matches.ids : ranked.map(({ id }) => id), storeId))
      return [...search.index().facets(whole ? matches.docs : ranked.map(({ doc }) => doc)), ...(prices === null ? [] : [prices])]
    },
  }
}

/** What the index does not know (price, stock, name) is joined to the matches in one statement, where filter or sort ask for it. */
async function narrowed(matches: Matches, sort: ProductSort, filter: FilterInput, storeId: string | null, search: SearchPart): Promise<Found[]> {
  const { minPrice = null, maxPrice = null, inStock } = filter
  const ranked = matches.ids.map((id, at): Found => ({ id, doc: matches.docs[at] ?? 0, score: matches.scores[at] ?? 0, lead: null }))
  const byPrice = minPrice !== null || maxPrice !== null
  if (!byPrice && inStock !== true && sort === 'RELEVANCE') return ranked
  const candidates = new Map((await search.store.candidates(matches.ids, { storeId, inStock: inStock === true })).map((candidate) => [candidate.id, candidate]))
  const within = priceBounds(minPrice, maxPrice)
  const kept: Found[] = []
  for (const match of ranked) {
    const candidate = candidates.get(match.id)
    if (candidate === undefined || (byPrice && (candidate.price === null || !within(candidate.price)))) continue
    kept.push({ ...match, lead: leadOf(sort, candidate) })
  }
  return sort === 'RELEVANCE' ? kept : kept.toSorted((a, b) => compareRanked(sort, a, b))
}

/** A product that was deleted after the index saw it is passed over, and the page filled with those behind it. */
async function readPage(ranked: readonly Ranked[], sort: ProductSort, first: number, after: Ranked | null, { loaders }: SearchPart): Promise<ListingPage> {
  let next = after === null ? 0 : ranked.findIndex((match) => compareRanked(sort, match, after) > 0)
  if (next === -1) next = ranked.length
  const edges: Edge<ProductRow>[] = []
  while (edges.length < first && next < ranked.length) {
    const wanted = ranked.slice(next, next + first - edges.length)
    next += wanted.length
    const products = await Promise.all(wanted.map(({ id }) => loaders.product.load(id)))
    for (const [at, match] of wanted.entries()) {
      const node = products[at] ?? null
      if (node !== null) edges.push({ cursor: encodeCursor(cursorOf(sort, match)), node })
    }
  }
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: next < ranked.length,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}
