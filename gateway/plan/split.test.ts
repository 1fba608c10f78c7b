import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

/** Every `price` is the id times ten; `cost` needs it, in the subgraph that also leads from a part to its parts. */
const parts = {
  catalog: {
    sdl: `type Query { part(id: ID!): Part  things: [Thing!]! }  type Mutation { order(id: ID!): Part }  union Thing = Part | Tool
      type Part @key(fields: "id") { id: ID!  price(unit: Int = 1): Int!  name: String! }  type Tool @key(fields: "id") { id: ID! }`,
    resolvers: {
      Query: { part: (_: unknown, { id }: { id: string }) => ({ id }), things: () => [{ __typename: 'Part', id: '3' }, { __typename: 'Tool', id: '4' }] },
      Mutation: { order: (_: unknown, { id }: { id: string }) => ({ id }) },
      Part: {
        price: ({ id }: { id: string }, { unit }: { unit: number }) => {
          if (id === '51') throw new Error(`${id} has no price`)
          return Number(id) * 10 * unit
        },
        name: ({ id }: { id: string }) => `part ${id}`,
      },
    },
  },
  assembly: {
    sdl: `type Part @key(fields: "id") { id: ID!  price(unit: Int): Int! @external  cost(share: Int!): Int! @requires(fields: "price(unit: 2)")  holds: [Slot!]! }
      type Slot { n: Int!  part: Part }  type Tool @key(fields: "id") { id: ID!  fits: Part }`,
    resolvers: {
      Part: {
        cost: ({ price }: { price: number }, { share }: { share: number }) => price + share,
        holds: ({ id }: { id: string }) => [{ n: 1, part: { id: `${id}1` } }, { n: 2, part: null }],
      },
      Tool: { fits: () => ({ id: '9' }) },
    },
  },
}

let graph: Federation<keyof typeof parts>

beforeAll(async () => {
  graph = await startFederation(parts)
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

test('a required field below a second visit to its subgraph is fetched by a plan of its own', async () => {
  const { data, errors } = await graph.ask('query($s: Int!) { part(id: "1") { holds { n part { x: id c: cost(share: $s) price name } } } }', { s: 5 })
  expect(errors).toEqual([])
  expect(data).toEqual({ part: { holds: [{ n: 1, part: { x: '11', c: 225, price: 110, name: 'part 11' } }, { n: 2, part: null }] } })
})

test('so it is at every level, beside fields that need no such thing, and below a member of a union', async () => {
  const { data, errors } = await graph.ask('{ things { __typename ... on Part { name holds { part { cost(share: 0) holds { part { id cost(share: 1) } } } } } ... on Tool { fits { holds { part { c: cost(share: 2) } } } } } }')
  expect(errors).toEqual([])
  expect(data).toEqual({
    things: [
      { __typename: 'Part', name: 'part 3', holds: [{ part: { cost: 620, holds: [{ part: { id: '311', cost: 6221 } }, { part: null }] } }, { part: null }] },
      { __typename: 'Tool', fits: { holds: [{ part: { c: 1822 } }, { part: null }] } },
    ],
  })
})

test('a mutation that is planned in parts still runs field by field', async () => {
  for (const { received } of Object.values(graph.subgraphs)) received.length = 0
  const { data } = await graph.ask('mutation { a: order(id: "1") { holds { part { cost(share: 0) } } } b: order(id: "2") { holds { part { cost(share: 0) } } } }')
  expect(data).toEqual({ a: { holds: [{ part: { cost: 220 } }, { part: null }] }, b: { holds: [{ part: { cost: 420 } }, { part: null }] } })
  const asked = graph.subgraphs.catalog.received.map(({ query, variables }) => (query.startsWith('mutation') ? query.match(/"(\d)"/)?.[1] : JSON.stringify(variables)))
  expect(asked).toEqual(['1', '{"representations":[{"__typename":"Part","id":"11"}]}', '2', '{"representations":[{"__typename":"Part","id":"21"}]}'])
})

test('an error in a part of the plan stands where the client sees the field', async () => {
  const { data, errors } = await graph.ask('{ p: part(id: "5") { h: holds { part { c: cost(share: 0) } } } }')
  expect(data).toEqual({ p: { h: [{ part: null }, { part: null }] } })
  expect(errors.map(({ message, path }) => [message, path])).toEqual([['51 has no price', ['p', 'h', 0, 'part']]])
})

describe('a key that holds objects', () => {
  const media = { B1: 'Book', F2: 'Film' } as const
  const found = (id: string): { __typename: string; ref: { id: string } } => ({ __typename: media[id as keyof typeof media], ref: { id } })
  const library = {
    shelf: {
      sdl: `type Query { media: [Media!]! }  interface Media @key(fields: "ref { id }") { ref: Ref!  next: Media }  type Ref @shareable { id: ID!  scheme: String }
        type Book implements Media @key(fields: "ref { id }") { ref: Ref!  next: Media  pages: Int! }  type Film implements Media @key(fields: "ref { id }") { ref: Ref!  next: Media  minutes: Int! }`,
      resolvers: {
        Query: { media: () => ['B1', 'F2'].map(found) },
        Media: { __resolveReference: ({ ref }: { ref: { id: string } }) => found(ref.id) },
        Book: { pages: () => 300, next: () => found('F2') },
        Film: { minutes: () => 90, next: () => found('B1') },
        Ref: { scheme: ({ id }: { id: string }) => `scheme of ${id}` },
      },
    },
    marks: {
      sdl: 'type Media @interfaceObject @key(fields: "ref { id }") { ref: Ref!  mark: Int!  like: Media }  type Ref @shareable { id: ID!  scheme: String }',
      resolvers: {
        Media: { mark: ({ ref }: { ref: { id: string } }) => Number(ref.id.slice(1)), like: ({ ref }: { ref: { id: string } }) => ({ ref: { id: ref.id === 'B1' ? 'F2' : 'B1' } }) },
        Ref: { scheme: ({ id }: { id: string }) => `scheme of ${id}` },
      },
    },
  }

  test('may be selected by the client, under its own names and further than the key goes, where the plan needs it', async () => {
    await using shop: Federation<keyof typeof library> = await startFederation(library)
    const { text } = await shop.ask('{ media { __typename ... on Book { mark r: ref { i: id } ref { scheme } } ... on Film { m: mark minutes ref { id scheme } like { ... on Book { pages mark ref { id } } ... on Film { mark } } } } }')
    expect(JSON.parse(text)).toEqual({
      data: {
        media: [
          { __typename: 'Book', mark: 1, r: { i: 'B1' }, ref: { scheme: 'scheme of B1' } },
          { __typename: 'Film', m: 2, minutes: 90, ref: { id: 'F2', scheme: 'scheme of F2' }, like: { pages: 300, mark: 1, ref: { id: 'B1' } } },
        ],
      },
    })
  })

  test('stands in what an interface object is asked by, under the name that its subgraph has for the type', async () => {
    await using shop: Federation<keyof typeof library> = await startFederation(library)
    const { data, errors } = await shop.ask('{ media { like { __typename } ... on Book { next { ... on Film { minutes } } like { ... on Film { mark } } ref { scheme } } } }')
    expect(errors).toEqual([])
    expect(data).toEqual({ media: [{ like: { __typename: 'Film', mark: 2 }, next: { minutes: 90 }, ref: { scheme: 'scheme of B1' } }, { like: { __typename: 'Book' } }] })
  })

  test('is no hindrance to a required field below a second visit to its subgraph', async () => {
    const at = (code: string) => ({ code, area: { zone: 1 } })
    await using coast = await startFederation({
      land: {
        sdl: 'type Query { place: Place }  type Area { zone: Int! @shareable }  type Place @key(fields: "code area { zone }") { code: String!  area: Area @shareable  size: Int }',
        resolvers: { Query: { place: () => at('a') }, Place: { __resolveReference: ({ code }: { code: string }) => at(code), size: () => 7 } },
      },
      trips: {
        sdl: 'type Area { zone: Int! @shareable }  type Place @key(fields: "code area { zone }") { code: String!  area: Area @shareable  size: Int @external  next: Place  density: Int @requires(fields: "size") }',
        resolvers: { Place: { next: () => at('b'), density: ({ size }: { size: number }) => size * 2 } },
      },
    })
    expect((await coast.ask('{ place { n: next { density c: code a: area { z: zone } area { zone } } } }')).text).toBe('{"data":{"place":{"n":{"density":14,"c":"b","a":{"z":1},"area":{"zone":1}}}}}')
  })
})
