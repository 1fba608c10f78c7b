import type { DatabaseSync } from 'node:sqlite'
import { countFacets, type IndexFacet } from './facets.ts'
import { match, type Matches, type MatchRequest } from './match.ts'
import { suggest, type IndexSuggestion } from './suggest.ts'

/** The full-text index as resolvers ask it. Every call reads one state of the connection it was made over. */
export interface SearchIndex {
  match(request: MatchRequest): Matches
  /** Facets over exactly these of the `docs` that `match` found. */
  facets(docs: readonly number[]): readonly IndexFacet[]
  suggest(prefix: string, first: number): readonly IndexSuggestion[]
}

/** Over a connection to a replica with `searchIndexExtension`; only reads, also within a read transaction. Costs nothing to make. */
export function createSearchIndex(connection: DatabaseSync): SearchIndex {
  return {
    match: (request) => match(connection, request),
    facets: (docs) => countFacets(connection, docs),
    suggest: (prefix, first) => suggest(connection, prefix, first),
  }
}
