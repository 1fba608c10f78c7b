import { buildSubgraphSchema } from '@apollo/subgraph'
import { composeServices } from '@theguild/federation-composition'
import { buildASTSchema, defaultFieldResolver, execute, type GraphQLSchema, isObjectType, parse } from 'graphql'
import { marketSubgraphs, wholeMarket, type MarketSubgraph } from './schemas.ts'

export type SubgraphName = keyof typeof marketSubgraphs

export const subgraphNames = Object.keys(marketSubgraphs) as SubgraphName[]

export function executableSubgraph(name: SubgraphName): GraphQLSchema {
  const { sdl, resolvers }: MarketSubgraph = marketSubgraphs[name]
  return buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }])
}

/** @param url where a subgraph answers */
export function composeMarket(url: (name: SubgraphName) => string): { readonly supergraph: string; readonly publicSchema: string } {
  const result = composeServices(subgraphNames.map((name) => ({ name, url: url(name), typeDefs: parse(marketSubgraphs[name].sdl) })))
  if (result.supergraphSdl === undefined || result.publicSdl === undefined) throw new Error(result.errors.map(({ message }) => message).join('\n'))
  return { supergraph: result.supergraphSdl, publicSchema: result.publicSdl }
}

/** What the market answers without any federation: graphql-js over all of it. */
export async function expectedAnswer(publicSchema: string, query: string, variables: Record<string, unknown>): Promise<unknown> {
  const schema = buildASTSchema(parse(publicSchema))
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const resolver = wholeMarket[type.name]?.[field.name]
      field.resolve = resolver === undefined ? defaultFieldResolver : (parent: Record<string, unknown>, given: Record<string, unknown>) => resolver(parent, given)
    }
  }
  return JSON.parse(JSON.stringify(await execute({ schema, document: parse(query), variableValues: variables, rootValue: {} })))
}
