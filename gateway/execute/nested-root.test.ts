import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

const reference = { __resolveReference: (given: object) => given }
let visits = 0

/** Objects lead back to the root, of which each subgraph has another part. */
const subgraphs = {
  shop: {
    sdl: `type Query { basket: Basket!  baskets: [Basket]  item(id: ID!): Item }  type Mutation { visit: Visit }  type Visit { number: Int!  query: Query! @inaccessible }
      type Basket { name: String!  query: Query! @inaccessible  maybe: Query @inaccessible }  type Item @key(fields: "id") { id: ID!  name: String }`,
    resolvers: {
      Query: { basket: () => ({ name: 'first', query: {} }), baskets: () => [{ name: 'one', query: {}, maybe: {} }, null, { name: 'two', query: {} }], item: (_: unknown, { id }: { id: string }) => ({ id }) },
      Mutation: { visit: () => ({ number: ++visits, query: {} }) },
      Item: { ...reference, name: ({ id }: { id: string }) => `item ${id}` },
    },
  },
  stock: {
    sdl: 'type Query { newest: Item  visits: Int!  shelf(n: Int!): Shelf  broken: Int  gone: Int! }  type Shelf { n: Int!  root: Query! @inaccessible }  type Item @key(fields: "id") { id: ID!  left: Int }',
    resolvers: {
      Query: {
        newest: () => ({ id: '9' }),
        visits: () => visits,
        shelf: (_: unknown, { n }: { n: number }) => ({ n, root: {} }),
        broken: () => {
          throw new Error('broken it is')
        },
        gone: () => {
          throw new Error('gone it is')
        },
      },
      Item: { ...reference, left: ({ id }: { id: string }) => Number(id) * 2 },
    },
  },
}

// A field that nobody sees is not checked by the composition in use, which takes a nested root for one that only its own subgraph can answer.
let graph: Federation<keyof typeof subgraphs>
beforeAll(async () => {
  graph = await startFederation(subgraphs, {}, (supergraph) => supergraph.replaceAll('Query! @inaccessible', 'Query!').replaceAll('Query @inaccessible', 'Query'))
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

test.each<[string, string, object]>([
  ['below an object', '{ basket { name query { __typename newest { id name left } } } }', { basket: { name: 'first', query: { __typename: 'Query', newest: { id: '9', name: 'item 9', left: 18 } } } }],
  ['below a list', '{ baskets { name q: query { shelf(n: 3) { n } basket { name } } maybe { newest { left } } } }', {
    baskets: [{ name: 'one', q: { shelf: { n: 3 }, basket: { name: 'first' } }, maybe: { newest: { left: 18 } } }, null, { name: 'two', q: { shelf: { n: 3 }, basket: { name: 'first' } }, maybe: null }],
  }],
  ['again and again', '{ basket { query { shelf(n: 1) { root { basket { name query { s: shelf(n: 2) { n } } } } } } } }', { basket: { query: { shelf: { root: { basket: { name: 'first', query: { s: { n: 2 } } } } } } } }],
])("fields of other subgraphs' roots are found where the root stands again: %s", async (_where, query, expected) => {
  const { data, errors } = await graph.ask(query)
  expect(errors).toEqual([])
  expect(data).toEqual(expected)
})

test('what is asked of the root below a mutation is read after it', async () => {
  const before = visits
  const { data, errors } = await graph.ask('mutation { a: visit { number query { visits } } b: visit { number query { visits } } }')
  expect(errors).toEqual([])
  expect(data).toEqual({ a: { number: before + 1, query: { visits: before + 1 } }, b: { number: before + 2, query: { visits: before + 2 } } })
})

test('failures are reported wherever the root stands, and cost no more than they must', async () => {
  const { data, errors } = await graph.ask('{ baskets { name query { broken } maybe { gone } } }')
  expect(data).toEqual({ baskets: [{ name: 'one', query: { broken: null }, maybe: null }, null, { name: 'two', query: { broken: null }, maybe: null }] })
  expect(errors.map(({ message, path }) => `${message} ${path?.join('.')}`).toSorted()).toEqual(['broken it is baskets.0.query.broken', 'broken it is baskets.2.query.broken', 'gone it is baskets.0.maybe.gone'])
})

test('one request serves all places of a root', async () => {
  graph.subgraphs.stock.received.length = 0
  await graph.ask('{ baskets { query { visits } } }')
  expect(graph.subgraphs.stock.received.map(({ query }) => query)).toEqual(['{visits}'])
})
