import { expect, test } from '@jest/globals'
import { startFederation } from '../testing/federation.ts'
import { drawOverride } from './override.ts'

const subgraphs = (label: string): Record<'old' | 'fresh', { sdl: string; resolvers: Record<string, Record<string, () => unknown>> }> => ({
  old: { sdl: 'type Query { thing: Thing! }  type Thing @key(fields: "id") { id: ID!  from: String! }', resolvers: { Query: { thing: () => ({ id: '1' }) }, Thing: { from: () => 'old' } } },
  fresh: { sdl: `type Thing @key(fields: "id") { id: ID!  from: String! @override(from: "old", label: "${label}") }`, resolvers: { Thing: { from: () => 'fresh' } } },
})

test.each([
  ['a label that is not set moves nothing', 'moved', [], 'old'],
  ['a label that is set moves the field', 'moved', ['other', 'moved'], 'fresh'],
  ['none of a hundred', 'percent(0)', [], 'old'],
  ['all of a hundred', 'percent(100)', [], 'fresh'],
])('progressive override: %s', async (_what, label, overrideLabel, expected) => {
  await using graph = await startFederation(subgraphs(label), { overrideLabel })
  for (let round = 0; round < 5; round++) expect((await graph.ask('{ thing { from } }')).data).toEqual({ thing: { from: expected } })
})

test('a percentage is drawn anew for each request, and one request has one plan for each outcome', async () => {
  await using graph = await startFederation(subgraphs('percent(50)'))
  const seen = new Set<string>()
  for (let round = 0; round < 200 && seen.size < 2; round++) seen.add((await graph.ask('{ thing { from } }')).text)
  expect([...seen].toSorted()).toEqual(['{"data":{"thing":{"from":"fresh"}}}', '{"data":{"thing":{"from":"old"}}}'])
})

test('draws that decide alike are the same draw', () => {
  const draws = [0, 0.24, 0.25, 0.5, 0.74, 0.75, 0.999].map((chance) => drawOverride([25, 75], () => chance))
  expect(draws).toEqual([0, 0, 25, 25, 25, 75, 75])
  expect(drawOverride([], () => 0.5)).toBe(0)
})
