import type { RequestEnvironment, Subgraph, SubgraphName, SubgraphResolvers } from '../shared/context.ts'

/** A subgraph together with the services it runs on. */
export interface OpenSubgraph {
  readonly name: SubgraphName
  readonly resolvers: SubgraphResolvers
  createPart(environment: RequestEnvironment): unknown
}

/** Gives a subgraph its services. */
export function openSubgraph<Services, Part>(subgraph: Subgraph<Services, Part>, services: Services): OpenSubgraph {
  const { name, resolvers } = subgraph
  return { name, resolvers, createPart: (environment) => subgraph.createPart(environment, services) }
}
