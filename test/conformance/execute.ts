import { graphql, type GraphQLSchema } from 'graphql'
import { AisleError, toGraphQLError } from '../../runtime/errors.ts'
import { developer } from '../../runtime/identity/caller.ts'
import { contextMaker, type RequestEnvironment, type Subgraph } from '../../subgraphs/shared/context.ts'
import { loadSubgraphSchema } from '../../subgraphs/serve/schema.ts'
import type { Storage } from '../../subgraphs/storage/storage.ts'

export interface Answer {
  /** Empty where everything failed. */
  readonly data: Readonly<Record<string, unknown>>
  /** Code of each error. */
  readonly codes: readonly string[]
}

export type Ask = (source: string, variables?: Record<string, unknown>, environment?: Partial<RequestEnvironment>) => Promise<Answer>

const schemas = new Map<string, Promise<GraphQLSchema>>()

/** Asks one subgraph over a storage, a fresh context each time, as its server does. */
export function asking<Services, Part>(subgraph: Subgraph<Services, Part>, services: Services, storage: Storage): Ask {
  return async (source, variables = {}, changed = {}) => {
    let schema = schemas.get(subgraph.name)
    if (schema === undefined) schemas.set(subgraph.name, (schema = loadSubgraphSchema(subgraph.name, subgraph.resolvers)))
    const environment: RequestEnvironment = {
      storage,
      principal: 'test',
      caller: developer('test'),
      holdsStore: () => true,
      readingsSince: null,
      changes: { subscribe: () => nothing() },
      ...changed,
    }
    const contextValue = contextMaker<RequestEnvironment, Record<string, Part>>({ [subgraph.name]: (given) => subgraph.createPart(given, services) })(environment)
    const { data, errors = [] } = await graphql({ schema: await schema, source, variableValues: variables, contextValue })
    const codes = errors.map((error) => {
      const { originalError } = error
      if (AisleError.is(originalError)) return String(toGraphQLError(originalError).extensions.code)
      return typeof error.extensions.code === 'string' ? error.extensions.code : error.message
    })
    // Through JSON, as a client sees it: the objects of graphql-js have no prototype.
    return { data: (JSON.parse(JSON.stringify(data ?? {})) as Record<string, unknown>), codes }
  }
}

async function* nothing(): AsyncIterableIterator<never> {}
