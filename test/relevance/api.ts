import { ask } from '../environment/client.ts'

const documents = {
  /** As deep as recall is measured. */
  ids: 'query ($query: String!) { search(query: $query, first: 100) { totalCount correctedQuery nodes { id } } }',
  total: 'query ($query: String!) { search(query: $query, first: 1) { totalCount } }',
  page: 'query ($query: String!) { search(query: $query) { totalCount correctedQuery nodes { id name brand imageUrl category { id name } price { amount { amount currencyCode } } } } }',
  pageWithFacets: `query ($query: String!) { search(query: $query) {
    totalCount correctedQuery nodes { id name brand imageUrl category { id name } price { amount { amount currencyCode } } }
    facets { kind name values { value label count } }
  } }`,
} as const

interface Found {
  readonly totalCount: number
  readonly correctedQuery?: string | null
  readonly nodes?: readonly { readonly id: string }[]
  /** Milliseconds until the whole answer was there. */
  readonly ms: number
}

/**
 * Searches as a client of the gateway does.
 * @throws Error with what the gateway refused.
 */
export async function searchThrough(url: string, document: keyof typeof documents, query: string): Promise<Found> {
  const { data, errors, ms } = await ask(url, { query: documents[document], variables: { query } })
  if (errors.length > 0) throw new Error(`searching ${JSON.stringify(query)} failed: ${errors.map(({ message }) => message).join('; ')}`)
  return { ...(data.search as unknown as Omit<Found, 'ms'>), ms }
}

const recommendations = {
  basket: 'query ($productIds: [ID!]!) { found: basketRecommendations(productIds: $productIds, first: 10) { product { id } } }',
  productPage: 'query ($id: ID!) { product(id: $id) { found: boughtTogether(first: 10) { product { id } } } }',
  customer: 'query ($customerId: ID!) { found: customerRecommendations(customerId: $customerId, first: 10) { product { id } } }',
} as const

interface RecommendedList {
  readonly found?: readonly { readonly product: { readonly id: string } }[]
}

/**
 * The ten products that the API recommends, best first.
 * @throws Error with what the gateway refused.
 */
export async function recommendThrough(url: string, document: keyof typeof recommendations, variables: Readonly<Record<string, unknown>>): Promise<string[]> {
  const { data, errors } = await ask(url, { query: recommendations[document], variables })
  if (errors.length > 0) throw new Error(`asking for recommendations failed: ${errors.map(({ message }) => message).join('; ')}`)
  const { product = data } = data as unknown as { product?: RecommendedList } & RecommendedList
  return ((product as RecommendedList).found ?? []).map(({ product: { id } }) => id)
}
