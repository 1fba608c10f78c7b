import { expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

interface Given {
  readonly id: string
  readonly base?: number | null
  readonly mid?: number
}

const reference = { __resolveReference: (given: object) => given }
/** What a field required; nothing may stand for it. */
const needed = (value: number | null | undefined): number | null => {
  if (value === undefined) throw new Error('something required is missing')
  return value
}

const subgraphs = {
  source: {
    sdl: 'type Query { items: [Item!]! }  type Item @key(fields: "id") { id: ID!  base(unit: Int = 1): Int }',
    resolvers: { Query: { items: () => [{ id: '1' }, { id: '2' }] }, Item: { ...reference, base: ({ id }: Given, { unit }: { unit: number }) => (id === '2' && unit === 2 ? null : Number(id) * unit * 10) } },
  },
  middle: {
    sdl: 'type Item @key(fields: "id") { id: ID!  base(unit: Int = 1): Int @external  low: Int @requires(fields: "base")  mid(by: Int): Int @requires(fields: "base(unit: 2)")  friend: Item }',
    resolvers: {
      Item: {
        ...reference,
        low: ({ base }: Given) => needed(base),
        mid: ({ base }: Given, { by = 0 }: { by?: number }) => {
          const value = needed(base)
          return value === null ? null : value + by
        },
        friend: ({ id }: Given) => ({ id: id === '1' ? '2' : '1' }),
      },
    },
  },
  top: {
    sdl: 'type Item @key(fields: "id") { id: ID!  mid(by: Int): Int @external  other: Int @requires(fields: "mid(by: 4)")  both: Int @requires(fields: "mid(by: 3)")  pal: Item }',
    resolvers: { Item: { ...reference, other: ({ mid }: Given) => needed(mid), both: ({ mid }: Given) => needed(mid), pal: ({ id }: Given) => ({ id }) } },
  },
}

test.each<[string, string, unknown]>([
  ['side by side', '{ items { low mid friend { other } } }', { items: [{ low: 10, mid: 20, friend: { other: null } }, { low: 20, mid: null, friend: { other: 24 } }] }],
  ['below an entity', '{ items { base(unit: 3) pal { mid low } } }', { items: [{ base: 30, pal: { mid: 20, low: 10 } }, { base: 60, pal: { mid: null, low: 20 } }] }],
  ['by fields that are required themselves', '{ items { both low other } }', { items: [{ both: 23, low: 10, other: 24 }, { both: null, low: 20, other: null }] }],
  ['behind each other', '{ items { low other m: mid(by: 1) friend { low other } } }', {
    items: [{ low: 10, other: 24, m: 21, friend: { low: 20, other: null } }, { low: 20, other: null, m: null, friend: { low: 10, other: 24 } }],
  }],
])('fields get what they require where it is required with several arguments: %s', async (_where, query, expected) => {
  await using graph: Federation<keyof typeof subgraphs> = await startFederation(subgraphs)
  const { data, errors } = await graph.ask(query)
  expect(errors).toEqual([])
  expect(data).toEqual(expected)
})

test('objects of which fields require the same field with different arguments do not end the process', async () => {
  const sent = (given: object): string => JSON.stringify(given)
  await using graph = await startFederation({
    shop: {
      sdl: 'type Query { order: Order }  type Order @key(fields: "id") { id: ID!  group: Group  groups(first: Int): [Group!] }  type Group { mean(unit: Int!): Int  title(loud: Boolean = false): String }',
      resolvers: {
        Query: { order: () => ({ id: '1' }) },
        Order: { ...reference, group: () => ({}), groups: (_: unknown, { first = 1 }: { first?: number }) => Array.from({ length: first }, () => ({})) },
        Group: { mean: (_: unknown, { unit }: { unit: number }) => unit * 3, title: (_: unknown, { loud }: { loud: boolean }) => (loud ? 'TITLE' : 'title') },
      },
    },
    post: {
      sdl: `type Order @key(fields: "id") { id: ID!  group: Group @external  groups(first: Int): [Group!] @external  one: String @requires(fields: "group { mean(unit: 1) }")  two: String @requires(fields: "group { mean(unit: 2) title }")
        all: String @requires(fields: "groups(first: 2) { mean(unit: 1) title(loud: true) }") }  type Group { mean(unit: Int!): Int @external  title(loud: Boolean = false): String @external }`,
      resolvers: { Order: { ...reference, one: ({ group }: { group: object }) => sent(group), two: ({ group }: { group: object }) => sent(group), all: ({ groups }: { groups: object }) => sent(groups) } },
    },
  })
  const { data, errors } = await graph.ask('{ order { one two all group { mean(unit: 5) } } }')
  expect(errors).toEqual([])
  expect(data).toEqual({ order: { one: '{"mean":3}', two: '{"mean":6,"title":"title"}', all: '[{"mean":3,"title":"TITLE"},{"mean":3,"title":"TITLE"}]', group: { mean: 15 } } })
})
