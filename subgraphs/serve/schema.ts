import { readFile } from 'node:fs/promises'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { parse, type GraphQLSchema } from 'graphql'
import type { SubgraphName, SubgraphResolvers } from '../shared/context.ts'

/** The resolver map as @apollo/subgraph types it; ours is the same with read-only fields. */
type ResolverMap = NonNullable<Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>[number] extends infer Module ? (Module extends { resolvers?: infer Map } ? Map : never) : never>

/** The executable federation schema of one subgraph, out of `schema/<name>.graphql` and its resolvers. */
export async function loadSubgraphSchema(name: SubgraphName, resolvers: SubgraphResolvers): Promise<GraphQLSchema> {
  const text = await readFile(new URL(`../../schema/${name}.graphql`, import.meta.url), 'utf8')
  return buildSubgraphSchema([{ typeDefs: parse(text), resolvers: resolvers as ResolverMap }])
}
