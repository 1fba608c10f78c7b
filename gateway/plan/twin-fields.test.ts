import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

interface Spot {
  readonly area: { readonly zone: number }
}

const placeIn = (zone: number): Spot & { __typename: string } => ({ __typename: 'Place', area: { zone } })
const found = { __resolveReference: ({ area }: Spot) => placeIn(area.zone) }

/** One subgraph leads from place to place and knows of an area no more than the key has; the other knows the rest. */
const subgraphs = {
  land: {
    sdl: `type Query { place: Place  places: [Place!]!  sights: [Sight] }  union Sight = Place | Cave  type Cave { depth: Int }
      type Area { zone: Int! @shareable  size: Int  owner: Owner }  type Owner { name: String }  type Place @key(fields: "area { zone }") { area: Area! @shareable  label: String }`,
    resolvers: {
      Query: { place: () => placeIn(1), places: () => [placeIn(1), placeIn(2)], sights: () => [{ __typename: 'Cave', depth: 4 }, placeIn(3)] },
      Place: { ...found, label: ({ area }: Spot) => `place ${area.zone}` },
      Area: { size: ({ zone }: Spot['area']) => zone * 10, owner: ({ zone }: Spot['area']) => ({ name: `owner ${zone}` }) },
    },
  },
  trips: {
    sdl: `type Query { tour: [Sight!] }  union Sight = Place | Walk  type Walk { km: Int }
      type Area { zone: Int! @shareable  size: Int @external }  type Place @key(fields: "area { zone }") { area: Area! @shareable  next: Place  wide: Boolean @requires(fields: "area { size }") }`,
    resolvers: {
      Query: { tour: () => [placeIn(5), { __typename: 'Walk', km: 7 }] },
      Place: { __resolveReference: (given: object) => given, next: ({ area }: Spot) => placeIn(area.zone + 1), wide: ({ area }: { area: { size?: number } }) => (area.size === undefined ? null : area.size > 15) },
    },
  },
}

let graph: Federation<keyof typeof subgraphs>

beforeAll(async () => {
  graph = await startFederation(subgraphs)
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

describe('of an object in a key, more than the key has is fetched from the subgraph that knows it', () => {
  test.each<[string, string, unknown]>([
    ['below an entity', '{ place { next { area { size } } } }', { place: { next: { area: { size: 20 } } } }],
    ['beside what the key has', '{ place { next { label area { z: zone owner { name } } a: area { size } } } }', { place: { next: { label: 'place 2', area: { z: 2, owner: { name: 'owner 2' } }, a: { size: 20 } } } }],
    ['below lists and at every level', '{ places { area { zone size } next { area { zone } next { area { size zone } } } } }', {
      places: [1, 2].map((zone) => ({ area: { zone, size: zone * 10 }, next: { area: { zone: zone + 1 }, next: { area: { size: (zone + 2) * 10, zone: zone + 2 } } } })),
    }],
    ['below members of unions', '{ tour { ... on Place { area { size } } ... on Walk { km } } sights { ... on Place { next { area { size } } } } }', { tour: [{ area: { size: 50 } }, { km: 7 }], sights: [{}, { next: { area: { size: 40 } } }] }],
    ['for a field that requires it', '{ place { wide next { wide area { owner { name } } } } }', { place: { wide: false, next: { wide: true, area: { owner: { name: 'owner 2' } } } } }],
  ])('%s', async (_where, query, expected) => {
    const { data, errors } = await graph.ask(query)
    expect(errors).toEqual([])
    expect(data).toEqual(expected)
  })
})
