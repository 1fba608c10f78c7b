import { expect, test } from '@jest/globals'
import { startFederation } from './testing/federation.ts'
test('smoke', async () => {
  await using graph = await startFederation({
    products: { sdl: 'type Query { products: [Product!]! } type Product @key(fields: "id") { id: ID! name: String! }', resolvers: { Query: { products: () => [{ id: '1', name: 'a' }, { id: '2', name: 'b' }] } } },
    reviews: { sdl: 'type Product @key(fields: "id") { id: ID! stars: Int }', resolvers: { Product: { __resolveReference: (r: { id: string }) => r, stars: (r: { id: string }) => Number(r.id) } } },
  })
  const a = await graph.ask('{ products { stars n: name __typename } __schema { queryType { name } } __typename }')
  expect(a.text).toBe('{"data":{"products":[{"stars":1,"n":"a","__typename":"Product"},{"stars":2,"n":"b","__typename":"Product"}],"__schema":{"queryType":{"name":"Query"}},"__typename":"Query"}}')
})
