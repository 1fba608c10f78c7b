import { describe, expect, test } from '@jest/globals'
import { buildSchema } from 'graphql'
import { type Federation, startFederation } from '../testing/federation.ts'
import { withKnownMembers } from './known-members.ts'
import type { FetchNode } from './planner.ts'

interface Given {
  readonly id: string
}

const bridge = { __typename: 'Bridge', id: 'b' }
const tower = { __typename: 'Tower', id: 't', maker: { id: 'm', name: 'Ada' }, style: 'GOTHIC' }
const cave = { __typename: 'Cave', id: 'c', depth: 40 }
const reference = { __resolveReference: ({ id }: Given) => ({ id }) }

/** A place that two subgraphs know, with sights of which each knows two kinds. */
const subgraphs = {
  north: {
    sdl: `type Query { city: Place }  type Place @key(fields: "id") { id: ID!  sights: [Sight!]! @shareable  best: Sight @shareable }  union Sight = Bridge | Tower  type Bridge @key(fields: "id") { id: ID! }
      type Tower @key(fields: "id") { id: ID!  height(in: Unit = FOOT, plus: Int): Int  style: Style  maker: Maker }  enum Unit { FOOT METRE }  enum Style { GOTHIC PLAIN }  type Maker { name: String  works: Int }`,
    resolvers: {
      Query: { city: () => ({ id: '1' }) },
      Place: { ...reference, sights: () => [bridge, tower], best: () => tower },
      Tower: { height: (_: unknown, { in: unit, plus }: { in: string; plus?: number }) => (unit === 'METRE' ? 30 : 100) + (plus ?? 0) },
      Maker: { works: () => 3 },
    },
  },
  south: {
    sdl: `type Query { valley: Place }  type Place @key(fields: "id") { id: ID!  sights: [Sight!]! @shareable  best: Sight @shareable }  union Sight = Bridge | Cave  type Bridge @key(fields: "id") { id: ID!  span: Int }  type Cave @key(fields: "id") { id: ID!  depth: Int }`,
    resolvers: { Query: { valley: () => ({ id: '1' }) }, Place: { ...reference, sights: () => [cave, bridge], best: () => cave }, Bridge: { ...reference, span: () => 9 } },
  },
  guide: {
    sdl: 'type Tower @key(fields: "id") { id: ID!  stars: Int }  type Cave @key(fields: "id") { id: ID!  stars: Int }',
    resolvers: { Tower: { ...reference, stars: () => 5 }, Cave: { ...reference, stars: () => 4 } },
  },
}

describe('a union of an entity that two subgraphs know with other members', () => {
  const sights = 'sights { __typename ... on Bridge { span } ... on Tower { height(in: METRE, plus: $more) style maker { name works } stars } ... on Cave { depth stars } }'

  test('comes with the fields of all members that stand there', async () => {
    await using graph: Federation<'north' | 'south' | 'guide'> = await startFederation(subgraphs)
    expect((await graph.ask(`query ($more: Int = 2) { city { ${sights} } }`)).text).toBe(
      '{"data":{"city":{"sights":[{"__typename":"Bridge","span":9},{"__typename":"Tower","height":32,"style":"GOTHIC","maker":{"name":"Ada","works":3},"stars":5}]}}}',
    )
    expect((await graph.ask(`query ($more: Int = 2) { valley { ${sights} } }`)).text).toBe('{"data":{"valley":{"sights":[{"__typename":"Cave","depth":40,"stars":4},{"__typename":"Bridge","span":9}]}}}')
    expect(graph.subgraphs.south.received.map(({ query }) => query).join('\n')).not.toMatch(/Tower|more/)
    expect(graph.subgraphs.north.received.map(({ query }) => query).join('\n')).not.toContain('Cave')
  })

  test('several times at once, under other names, and without the members that do not stand there', async () => {
    await using graph: Federation<'north' | 'south' | 'guide'> = await startFederation(subgraphs)
    const query = '{ city { best { ... on Tower { stars top: height } ... on Cave { stars } } all: sights { ... on Cave { depth } } } valley { best { ... on Cave { stars } } sights { ... on Tower { style } } } }'
    expect((await graph.ask(query)).text).toBe('{"data":{"city":{"best":{"stars":5,"top":100},"all":[{},{}]},"valley":{"best":{"stars":4},"sights":[{},{}]}}}')
  })
})

test('what a subgraph cannot have is left out of its requests alone, with the fragments and variables that only it used', () => {
  const schema = buildSchema('type Query { things: [Thing] thing: Thing } union Thing = A | B type A { x(by: Int): Int b: Thing } type B { y(by: Int): Int }')
  const operation = 'query($one:Int$two:Int){things{...on A{x(by:$one)b{...F}}...F}thing{...F}}fragment F on B{y(by:$two)}'
  const fetch = (serviceName: string): FetchNode => ({ kind: 'Fetch', serviceName, operation, variableUsages: ['one', 'two'] })
  const plan = withKnownMembers({ kind: 'Sequence', nodes: [fetch('one'), { kind: 'Flatten', path: [], node: fetch('two') }, { kind: 'Subscription', primary: fetch('one') }] }, schema, new Map([['Thing', new Map([['one', new Set(['B'])]])]]))
  const narrow = { ...fetch('one'), operation: 'query($one:Int){things{...on A{x(by:$one)b{__typename}}}thing{__typename}}', variableUsages: ['one'] }
  expect(plan).toEqual({ kind: 'Sequence', nodes: [narrow, { kind: 'Flatten', path: [], node: fetch('two') }, { kind: 'Subscription', primary: narrow }] })
})
