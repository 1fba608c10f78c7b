import type { Subgraph } from '../shared/context.ts'
import { createSearchPart, type SearchPart, type SearchServices } from './part.ts'
import { searchResolvers } from './resolvers.ts'

export type { SearchPart, SearchServices } from './part.ts'

/** The catalogue: products, categories, and finding them. */
export const search: Subgraph<SearchServices, SearchPart> = {
  name: 'search',
  resolvers: searchResolvers,
  createPart: createSearchPart,
}
