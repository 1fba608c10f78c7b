import { composeServices, compositionHasErrors, transformSupergraphToPublicSchema } from '@theguild/federation-composition'
import { parse, print, type DocumentNode } from 'graphql'
import { AisleError } from '../runtime/errors.ts'
import { readSubgraph, subgraphs } from './files.ts'

/** Supergraph SDL of the four subgraphs; the same input always gives the same text. */
export async function composeSupergraph(): Promise<string> {
  const services = await Promise.all(
    subgraphs.map(async ({ name, port }) => ({ name, url: `http://localhost:${port}/graphql`, typeDefs: await readSubgraph(name) })),
  )
  const result = composeServices(services)
  if (compositionHasErrors(result)) {
    const problems = result.errors.map((error) => `  ${error.message}`)
    throw new AisleError('SUPERGRAPH_INVALID', `The subgraphs do not compose:\n${problems.join('\n')}`)
  }
  return `${print(parse(result.supergraphSdl))}\n`
}

/** What clients see: the supergraph without the machinery of federation. */
export function publicSchema(supergraph: string): DocumentNode {
  return transformSupergraphToPublicSchema(parse(supergraph))
}
