import { AisleError } from '../../runtime/errors.ts'
import { pageSize } from '../shared/connection.ts'
import type { SubgraphResolvers } from '../shared/context.ts'
import { CurrencyCode, Decimal } from '../shared/scalars.ts'
import type { CategoryRow, ProductRow } from '../storage/database.ts'
import type { IndexSuggestion } from './index/suggest.ts'
import { listing, type Listing, type SearchArgs } from './listing.ts'
import type { SearchRequest, SearchResolver } from './part.ts'

interface Reference {
  readonly id: string
}

const mostProducts = 500
const mostSuggestions = 20

const query = {
  product: ((_root, { id }, { search }) => search.loaders.product.load(id)) satisfies SearchResolver<unknown, Reference>,
  products: ((_root, { ids }, { search }) => {
    if (ids.length > mostProducts) throw new AisleError('BAD_USER_INPUT', `The argument \`ids\` names ${ids.length} products; at most ${mostProducts} at once.`)
    return ids.map((id) => search.loaders.product.load(id))
  }) satisfies SearchResolver<unknown, { ids: readonly string[] }>,
  search: ((_root, args, context) => listing(args, context)) satisfies SearchResolver<unknown, SearchArgs>,
  suggest: ((_root, { prefix, first }, { search }) => search.index().suggest(prefix, pageSize(first ?? 8, mostSuggestions))) satisfies SearchResolver<
    unknown,
    { prefix: string; first?: number | null }
  >,
  categories: ((_root, { parentId }, { search }) => search.loaders.childCategories.load({ parentId: parentId ?? null })) satisfies SearchResolver<
    unknown,
    { parentId?: string | null }
  >,
}

const product = {
  __resolveReference: ({ id }: Reference, { search }: SearchRequest) => search.loaders.product.load(id),
  category: (({ category_id }, _args, { search }) => (category_id === null ? null : search.loaders.category.load(category_id))) satisfies SearchResolver<ProductRow>,
  attributes: (({ attributes }) =>
    (JSON.parse(attributes) as [string, string][]).map(([name, value]) => ({ name, value }))) satisfies SearchResolver<ProductRow>,
  imageUrl: (({ image_url }) => image_url) satisfies SearchResolver<ProductRow>,
}

const category = {
  __resolveReference: ({ id }: Reference, { search }: SearchRequest) => search.loaders.category.load(id),
  path: (({ path }) => JSON.parse(path) as string[]) satisfies SearchResolver<CategoryRow>,
  parent: (({ parent_id }, _args, { search }) => (parent_id === null ? null : search.loaders.category.load(parent_id))) satisfies SearchResolver<CategoryRow>,
  children: (({ id }, _args, { search }) => search.loaders.childCategories.load({ parentId: id })) satisfies SearchResolver<CategoryRow>,
}

const connection = {
  edges: (async (found) => (await found.page()).edges) satisfies SearchResolver<Listing>,
  nodes: (async (found) => (await found.page()).nodes) satisfies SearchResolver<Listing>,
  pageInfo: (async (found) => (await found.page()).pageInfo) satisfies SearchResolver<Listing>,
}

const suggestion = {
  product: ((found, _args, { search }) => (found.kind === 'PRODUCT' ? search.loaders.product.load(found.id) : null)) satisfies SearchResolver<IndexSuggestion>,
  category: ((found, _args, { search }) => (found.kind === 'CATEGORY' ? search.loaders.category.load(found.id) : null)) satisfies SearchResolver<IndexSuggestion>,
}

/** `facets` of a listing needs no resolver: it is a method, called when it is asked for. */
export const searchResolvers: SubgraphResolvers = {
  Decimal,
  CurrencyCode,
  Query: query,
  Product: product,
  Category: category,
  ProductSearchConnection: connection,
  Suggestion: suggestion,
}
