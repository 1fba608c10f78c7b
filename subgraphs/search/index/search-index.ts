import type { DatabaseSync } from 'node:sqlite'
import { Columns, type ListPrice } from './columns.ts'
import { countFacets, type IndexFacet } from './facets.ts'
import { match, type Matches, type MatchRequest } from './match.ts'
import { suggest, type IndexSuggestion } from './suggest.ts'

/** A list price with how many products have it. */
export interface PriceCount extends ListPrice {
  readonly count: number
}

/** The full-text index as resolvers ask it. Every call reads one state of the connection it was made over; documents are those that `match` found. */
export interface SearchIndex {
  match(request: MatchRequest): Matches
  /** Facets over exactly these documents. */
  facets(docs: Uint32Array): readonly IndexFacet[]
  priceCounts(docs: Uint32Array): readonly PriceCount[]
  /** Their list prices, null where there is none. */
  prices(docs: Uint32Array): readonly (ListPrice | null)[]
  /** The ids of their products. */
  ids(docs: Uint32Array): readonly string[]
  /** The names of their products. */
  names(docs: Uint32Array): readonly string[]
  suggest(prefix: string, first: number): readonly IndexSuggestion[]
}

/** Over a connection to a replica with `searchIndexExtension`; only reads, also within a read transaction. Costs nothing to make. */
export function createSearchIndex(connection: DatabaseSync): SearchIndex {
  const columns = (): Columns => Columns.of(connection)
  return {
    match: (request) => match(connection, request),
    facets: (docs) => countFacets(connection, docs),
    priceCounts: (docs) => columns().countPrices(columns().rowsOf(docs)),
    prices: (docs) => columns().listPrices(columns().rowsOf(docs)),
    ids: (docs) => Array.from(columns().rowsOf(docs), (row) => columns().id(row)),
    names: (docs) => columns().names(columns().rowsOf(docs)),
    suggest: (prefix, first) => suggest(connection, prefix, first),
  }
}
