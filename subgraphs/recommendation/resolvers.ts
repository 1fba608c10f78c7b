import { AisleError } from '../../runtime/errors.ts'
import { pageSize } from '../shared/connection.ts'
import type { SubgraphResolvers } from '../shared/context.ts'
import { requireHeld } from '../shared/scope.ts'
import { liftTrending, purchaseWeights, recommendForBasket, recommendForCustomer } from './blend.ts'
import type { RecommendingProduct } from './loaders.ts'
import type { Recommended } from './packed.ts'
import type { RecommendationPart, RecommendationRequest, RecommendationResolver } from './part.ts'

interface Reference {
  readonly id: string
}

interface FirstArgs {
  readonly first?: number | null
}

const most = 50
/** Whose trends are the whole chain's. */
const chain = ''
const largestBasket = 2_000
/** A customer's lines that are read: beyond them, decay leaves next to nothing. */
const mostPurchaseLines = 2_000

const query = {
  basketRecommendations: (async (_root, { productIds, first }, { recommendation }) => {
    const size = sizeOf(first)
    if (productIds.length > largestBasket) {
      throw new AisleError('BAD_USER_INPUT', `The argument \`productIds\` names ${productIds.length} products; a basket holds at most ${largestBasket}.`)
    }
    const neighbours = await boughtWith(recommendation, productIds)
    return firstExisting(recommendation, recommendForBasket(productIds, neighbours), size)
  }) satisfies RecommendationResolver<unknown, FirstArgs & { productIds: readonly string[]; storeId?: string | null }>,

  customerRecommendations: (async (_root, { customerId, first }, { recommendation }) => {
    const size = sizeOf(first)
    const weights = purchaseWeights(await recommendation.store.purchases(customerId, mostPurchaseLines))
    // Who never bought anything is shown what others buy.
    if (weights.size === 0) return trendingIn(recommendation, chain, size)
    return firstExisting(recommendation, recommendForCustomer(weights, await boughtWith(recommendation, [...weights.keys()])), size)
  }) satisfies RecommendationResolver<unknown, FirstArgs & { customerId: string }>,

  trending: (async (_root, { storeId, first }, { recommendation, environment }) => {
    const size = sizeOf(first)
    if (typeof storeId !== 'string') return trendingIn(recommendation, chain, size)
    requireHeld(environment, storeId)
    if (!(await recommendation.store.hasStore(storeId))) throw new AisleError('STORE_UNKNOWN', `The chain has no store ${storeId}.`, { details: { storeId } })
    return trendingIn(recommendation, storeId, size)
  }) satisfies RecommendationResolver<unknown, FirstArgs & { storeId?: string | null }>,
}

const product = {
  __resolveReference: ({ id }: Reference, { recommendation }: RecommendationRequest) => recommendation.loaders.product.load(id),
  similar: ((parent, { first }, { recommendation }) => neighboursOf(recommendation, parent, (own) => own.similarTo, sizeOf(first))) satisfies RecommendationResolver<Reference, FirstArgs>,
  boughtTogether: (async (parent, { first }, { recommendation }) => {
    const size = sizeOf(first)
    const trends = await recommendation.loaders.trending.load(chain)
    return neighboursOf(recommendation, parent, (own) => liftTrending(own.boughtWith.filter(({ score }) => score > 0), trends), size)
  }) satisfies RecommendationResolver<Reference, FirstArgs>,
}

const recommended = {
  product: (({ productId }) => ({ __typename: 'Product', id: productId })) satisfies RecommendationResolver<Recommended>,
}

/** Every resolver of recommendation, by type and field. */
export const recommendationResolvers: SubgraphResolvers = { Query: query, Product: product, Recommendation: recommended }

function sizeOf(first: number | null | undefined): number {
  return pageSize(first ?? 10, most)
}

async function boughtWith({ loaders }: RecommendationPart, productIds: readonly string[]): Promise<Map<string, readonly Recommended[]>> {
  const products = await Promise.all(productIds.map((id) => loaders.product.load(id)))
  return new Map(products.flatMap((own) => (own === null ? [] : [[own.id, own.boughtWith]])))
}

/** A recommended product is known by its id alone, so what was trained for it is looked up; null where the catalogue has lost it. */
async function neighboursOf(recommendation: RecommendationPart, { id }: Reference, listOf: (own: RecommendingProduct) => readonly Recommended[], size: number): Promise<Recommended[] | null> {
  const own = await recommendation.loaders.product.load(id)
  return own === null ? null : firstExisting(recommendation, listOf(own), size)
}

async function trendingIn(recommendation: RecommendationPart, storeId: string, size: number): Promise<Recommended[]> {
  return firstExisting(recommendation, await recommendation.loaders.trending.load(storeId), size)
}

/**
 * The first that the catalogue still has: products may be deleted after training. Asks for a few more than are wanted,
 * and for all the rest in the rare case that this does not do.
 */
async function firstExisting({ loaders }: RecommendationPart, list: readonly Recommended[], size: number): Promise<Recommended[]> {
  const kept: Recommended[] = []
  for (const part of [list.slice(0, size + spare), list.slice(size + spare)]) {
    if (kept.length >= size) break
    const known = await Promise.all(part.map(({ productId }) => loaders.exists.load(productId)))
    kept.push(...part.filter((_, at) => known[at] === true))
  }
  return kept.slice(0, size)
}

const spare = 5
