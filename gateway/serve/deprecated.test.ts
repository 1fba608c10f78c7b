import { expect, test } from '@jest/globals'
import { startFederation } from '../testing/federation.ts'

test('each request that uses something deprecated is counted by what it uses, in every place where that can stand', async () => {
  const sdl = `type Query { old: Int @deprecated  thing(size: Size, by: Int @deprecated, where: Where): Thing }
    type Thing @key(fields: "id") { id: ID!  title: String @deprecated(reason: "name")  name: String }
    enum Size { SMALL  TINY @deprecated }  input Where { a: Int  b: Int @deprecated }`
  await using graph = await startFederation({ things: { sdl, resolvers: { Query: { old: () => 1, thing: () => ({ id: '1', title: 'a', name: 'a' }) } } } })
  const counted = async (): Promise<Record<string, number>> => {
    const text = await graph.context.metrics.getSingleMetricAsString('graphql_deprecated_usage_total')
    return Object.fromEntries([...text.matchAll(/coordinate="([^"]+)".*\} (\d+)$/gm)].map(([, coordinate = '', count]) => [coordinate, Number(count)]))
  }
  await graph.ask('{ thing(size: SMALL, where: { a: 1 }) { name } }')
  expect(await counted()).toEqual({})
  for (let times = 0; times < 2; times++) expect((await graph.ask('{ old thing(size: TINY, by: 1, where: { b: 2 }) { ...F } } fragment F on Thing { title }')).errors).toEqual([])
  expect(await counted()).toEqual({ 'Query.old': 2, 'Query.thing(by:)': 2, 'Size.TINY': 2, 'Thing.title': 2, 'Where.b': 2 })
})
