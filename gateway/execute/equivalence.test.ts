import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parse, validate } from 'graphql'
import { type Federation, startFederation } from '../testing/federation.ts'
import { depotResolvers, depotSdl, depotSubgraphs } from '../testing/depot.ts'
import { marketResolvers, marketSdl, marketSubgraphs } from '../testing/market.ts'
import { createMonolith, keyOrder } from '../testing/monolith.ts'
import { RandomDocument } from '../testing/random-document.ts'

const variables = { yes: true, no: false }
/** The same documents each time, so that a change is judged by itself; others with FEDERATION_SEED, more with FEDERATION_RUNS. */
const seed = Number(process.env.FEDERATION_SEED ?? 20_261)
const numRuns = Number(process.env.FEDERATION_RUNS ?? 60)
/** The part of all documents, thorny as they are, that may be refused for want of a plan; none may be answered wrong. */
const mostRefused = 0.01
const worlds = {
  market: { sdl: marketSdl, resolvers: marketResolvers, subgraphs: marketSubgraphs },
  depot: { sdl: depotSdl, resolvers: depotResolvers, subgraphs: depotSubgraphs },
}

/** Random documents mean the same to the federated graph as to one schema executed by graphql-js, nulls, failures and key order included; but for those that cannot be planned. */
test.each(['market', 'depot'] as const)('a federated graph answers as one schema would: %s', async (world) => {
  const { sdl, resolvers, subgraphs } = worlds[world]
  const monolith = createMonolith(sdl, resolvers)
  await using graph: Federation<string> = await startFederation<string>(subgraphs, { maxDepth: 0, maxHeight: 0, maxAliases: 0, maxRootFields: 0, maxCost: 0 })
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (number) => {
      const query = new RandomDocument(monolith.schema, number).query(4)
      fc.pre(validate(monolith.schema, parse(query)).length === 0)
      const [expected, answer] = await Promise.all([monolith.ask(query, variables), graph.ask(query, variables)])
      if (answer.errors.some(({ extensions }) => extensions.code === 'QUERY_PLANNING_FAILED')) {
        refused += 1
        return
      }
      const context = { query, errors: answer.errors }
      expect({ ...context, data: keyOrder(answer.data) }).toEqual({ ...context, data: keyOrder(expected.data) })
      expect({ ...context, failed: answer.errors.length > 0 }).toEqual({ ...context, failed: expected.errors > 0 })
    }),
    { numRuns, seed },
  )
  expect(refused / numRuns).toBeLessThanOrEqual(mostRefused)
}, 180_000 + numRuns * 1_000)
