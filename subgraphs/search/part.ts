import type { BaseContext, RequestEnvironment, Resolver } from '../shared/context.ts'
import { watching } from '../shared/reads.ts'
import { rowTags } from '../shared/tags.ts'
import type { SearchIndex } from './index/search-index.ts'
import { searchLoaders, type SearchLoaders } from './loaders.ts'
import { searchStore } from './queries.ts'
import type { SearchStore } from './store.ts'
import { indexTags, searchTags } from './tags.ts'

/** What search needs from the process it runs in. */
export interface SearchServices {
  /**
   * The index that goes with the request's data: on a store's node that of the same read transaction, in the cloud that of the
   * pod's own replica. @throws AisleError NOT_READY before there is one.
   */
  index(environment: RequestEnvironment): SearchIndex
}

/** Search's part of a request's context. */
export interface SearchPart {
  readonly store: SearchStore
  readonly loaders: SearchLoaders
  index(): SearchIndex
  /** Tells who keeps answers of list prices that the index gave. */
  notePrices(ids: readonly string[]): void
}

export interface SearchContext {
  readonly search: SearchPart
}

export type SearchResolver<Parent, Args = object> = Resolver<Parent, Args, SearchContext>
export type SearchRequest = SearchContext & BaseContext

const watchSearch = watching(searchTags)

export function createSearchPart(environment: RequestEnvironment, services: SearchServices): SearchPart {
  const store = watchSearch(searchStore(environment.storage), environment.reads)
  const index = (): SearchIndex => {
    environment.reads?.note(indexTags)
    return services.index(environment)
  }
  const notePrices = (ids: readonly string[]): void => environment.reads?.note(rowTags('list_price', ids))
  return { store, loaders: searchLoaders(store, environment.batches), index, notePrices }
}
