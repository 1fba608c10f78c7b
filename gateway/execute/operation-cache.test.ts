import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Federation, post, startFederation } from '../testing/federation.ts'

const definitions = {
  things: {
    sdl: 'type Query { thing(id: ID = "1"): Thing }  type Thing { id: ID  name: String }',
    resolvers: { Query: { thing: (_: unknown, { id }: { id: string }) => ({ id, name: `thing ${id}` }) } },
  },
}
let graph: Federation<'things'>

beforeAll(async () => {
  graph = await startFederation(definitions)
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

async function entries(): Promise<number> {
  return Number(/graphql_plan_cache_entries\{[^}]*\} (\d+)/.exec(await graph.context.metrics.metrics())?.[1])
}

test('layout, comments, names and the order of fragments do not split the cache', async () => {
  const texts = [
    'query A($id: ID) { thing(id: $id) { ...Y ...X } } fragment X on Thing { id } fragment Y on Thing { name }',
    'query B($id: ID) {\n  # a comment\n  thing(id: $id) { ...Y, ...X }\n}\nfragment Y on Thing { name }\nfragment X on Thing { id }',
    'query($id:ID){thing(id:$id){...Y...X}}fragment X on Thing{id}fragment Y on Thing{name}',
  ]
  const before = await entries()
  for (const text of texts) expect((await graph.ask(text, { id: '2' })).text).toBe('{"data":{"thing":{"name":"thing 2","id":"2"}}}')
  expect((await entries()) - before).toBe(1)
  await graph.ask('query A($id: ID) { thing(id: $id) { ...X ...Y } } fragment X on Thing { id } fragment Y on Thing { name }', { id: '2' })
  expect((await entries()) - before).toBe(2)
})

test('one document may hold several operations, each found by its name', async () => {
  const query = 'query One { thing(id: "1") { ...F } } query Two { thing(id: "2") { id } } fragment F on Thing { name }'
  for (let round = 0; round < 2; round++) {
    expect((await post(graph.url, { query, operationName: 'One' })).data).toEqual({ thing: { name: 'thing 1' } })
    expect((await post(graph.url, { query, operationName: 'Two' })).data).toEqual({ thing: { id: '2' } })
    expect((await post(graph.url, { query })).errors[0]?.extensions.code).toBe('OPERATION_RESOLUTION_FAILURE')
    expect((await post(graph.url, { query, operationName: 'Three' })).errors[0]?.extensions.code).toBe('OPERATION_RESOLUTION_FAILURE')
  }
})

test('a document is no less checked because a part of it is known', async () => {
  const known = '{ thing { id } }'
  expect((await graph.ask(known)).data).toEqual({ thing: { id: '1' } })
  for (const wrong of [`${known} fragment Unused on Thing { id }`, `query A ${known} query B { nothing }`]) {
    const { errors } = await post(graph.url, { query: wrong, ...(wrong.startsWith('query A') ? { operationName: 'A' } : {}) })
    expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  }
})
