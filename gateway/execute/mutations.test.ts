import { expect, test } from '@jest/globals'
import { startFederation } from '../testing/federation.ts'

/** A shelf whose count one subgraph changes and another's answers lead to. */
function shelf(): Parameters<typeof startFederation<'shelf' | 'till'>>[0] {
  let count = 10
  const reference = { __resolveReference: (given: object) => given }
  return {
    shelf: {
      sdl: 'type Query { item: Item }  type Mutation { refill(by: Int!): Item  take(by: Int!): Int! }  type Item @key(fields: "id") { id: ID!  count: Int! }',
      resolvers: {
        Query: { item: () => ({ id: '1' }) },
        Mutation: {
          refill: (_: unknown, { by }: { by: number }) => {
            count += by
            return { id: '1' }
          },
          take: (_: unknown, { by }: { by: number }) => {
            if (by > count) throw new Error('not so many')
            return (count -= by)
          },
        },
        Item: { ...reference, count: () => count },
      },
    },
    till: {
      sdl: 'type Mutation { sell(by: Int!): Sale }  type Sale { item: Item }  type Item @key(fields: "id") { id: ID!  sold: Int! }',
      resolvers: {
        Mutation: {
          sell: (_: unknown, { by }: { by: number }) => {
            count -= by
            return { item: { id: '1' } }
          },
        },
        Item: { ...reference, sold: () => 10 - count },
      },
    },
  }
}

test('what one mutation answers is read before the next one runs, from whatever subgraph', async () => {
  await using graph = await startFederation(shelf())
  const { text } = await graph.ask('mutation { a: sell(by: 1) { item { count sold } } b: refill(by: 5) { count sold } c: sell(by: 2) { item { count } } ... on Mutation { d: take(by: 3) } }')
  expect(text).toBe('{"data":{"a":{"item":{"count":9,"sold":1}},"b":{"count":14,"sold":-4},"c":{"item":{"count":12}},"d":9}}')
})

test('mutations of one subgraph from which nothing leads to another are one request', async () => {
  await using graph = await startFederation(shelf())
  expect((await graph.ask('mutation { a: refill(by: 5) { count } b: take(by: 3) c: refill(by: 1) { id count } }')).text).toBe('{"data":{"a":{"count":15},"b":12,"c":{"id":"1","count":13}}}')
  expect(graph.subgraphs.shelf.received.map(({ query }) => query.startsWith('mutation'))).toEqual([true])
})
