import { expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

const definitions = { things: { sdl: 'type Query { a: Int  b: Int }', resolvers: { Query: { a: () => 1, b: () => 2 } } } }

async function figures(graph: Federation<'things'>): Promise<{ entries: number; bytes: number }> {
  const text = await graph.context.metrics.metrics()
  const of = (name: string): number => Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, 'm').exec(text)?.[1])
  return { entries: of('graphql_plan_cache_entries'), bytes: of('graphql_plan_cache_bytes') }
}

test('prepared operations take the memory they may, whether they are few or many', async () => {
  const planCacheBytes = 200_000
  // The last to be planned is known by its document alone until it has been.
  const most = planCacheBytes * 1.1
  await using graph = await startFederation(definitions, { planCacheBytes, maxAliases: 0, maxRootFields: 0 })
  for (let index = 0; index < 60; index++) expect((await graph.ask(`{ a${index}: a }`)).data).toEqual({ [`a${index}`]: 1 })
  const small = await figures(graph)
  expect(small.bytes).toBeLessThanOrEqual(most)
  expect(small.entries).toBeGreaterThan(10)
  for (let index = 0; index < 10; index++) {
    const names = Array.from({ length: 50 }, (_, field) => `b${index}_${field}`)
    expect((await graph.ask(`{ ${names.map((name) => `${name}: b`).join(' ')} }`)).data).toEqual(Object.fromEntries(names.map((name) => [name, 2])))
  }
  const large = await figures(graph)
  expect(large.bytes).toBeLessThanOrEqual(most)
  expect(large.entries).toBeLessThan(small.entries / 2)
  expect(large.bytes / large.entries).toBeGreaterThan((small.bytes / small.entries) * 3)
})

test('each combination of conditions that is planned counts', async () => {
  await using graph = await startFederation(definitions)
  const query = 'query ($yes: Boolean!) { a b @include(if: $yes) }'
  await graph.ask(query, { yes: true })
  const one = await figures(graph)
  await graph.ask(query, { yes: false })
  const two = await figures(graph)
  expect(two.entries).toBe(one.entries)
  expect(two.bytes).toBeGreaterThan(one.bytes)
  await graph.ask(query, { yes: true })
  expect(await figures(graph)).toEqual(two)
})
