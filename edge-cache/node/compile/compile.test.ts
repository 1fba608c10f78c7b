import { expect, test } from '@jest/globals'
import { buildSchema, execute, parse } from 'graphql'
import { Soon } from '../../../subgraphs/shared/soon.ts'
import { tellTheSameFaults } from '../testing/faults.ts'
import { compileQuery } from './compile.ts'

const schema = buildSchema(`
  type Query { item(id: ID!, size: Int = 3): Item  items(ids: [ID!]): [Item!]!  any: Named  broken: Int  must: Item! }
  interface Named { name: String }
  type Item implements Named { id: ID! name: String must: String! late: String lateMust: String! soon: String soonMust: String! nearly: Item args(filter: Filter, text: String): String kin: [Item] deep: Item! numbers: [Int!] }
  input Filter { words: [String!] most: Int = 7 }
`)

/** An item whose fields misbehave as its id says. */
class Item {
  readonly id: string

  constructor(id: string) {
    this.id = id
  }

  name = () => (this.id === 'thrower' ? fail('name') : this.id)
  must = () => (this.id === 'empty' ? null : 'm')
  late = async () => (this.id === 'late thrower' ? fail('late') : 'l')
  lateMust = async () => (this.id === 'late empty' ? null : 'lm')
  soon = () => (this.id === 'late thrower' ? Soon.failed(new TypeError('soon fails')) : Soon.of('s'))
  soonMust = () => (this.id === 'late empty' ? Soon.of(null) : nearly('sm'))
  nearly = () => nearly(new Item(this.id))
  args = (given: unknown) => JSON.stringify(given)
  kin = () => [new Item('a'), null, Promise.resolve(new Item('empty')), Soon.of(new Item('a')), nearly(new Item('late empty')), new Error('no kin'), new Item('late empty')]
  deep = () => Promise.resolve(new Item(this.id))
  numbers = () => (this.id === 'thrower' ? [1, 'x'] : [1, 2])
}

const root = {
  item: ({ id }: { id: string }) => (id === 'none' ? null : new Item(id)),
  items: ({ ids }: { ids?: string[] }) => (ids === undefined ? 'no list' : ids.map((id) => Promise.resolve(id === 'none' ? null : new Item(id)))),
  broken: () => fail('broken'),
  must: () => null,
}

/** What comes with another call, not with a tick of its own. */
function nearly<Value>(value: Value): Soon<Value> {
  const soon = new Soon<Value>()
  queueMicrotask(() => soon.keep(value))
  return soon
}

function fail(what: string): never {
  throw new TypeError(`${what} fails`)
}

// A compiled query has no root value: its first resolvers are the schema's.
for (const [name, resolve] of Object.entries<(given: never) => unknown>(root)) {
  const field = schema.getQueryType()?.getFields()[name]
  if (field !== undefined) field.resolve = (_root, given) => resolve(given as never)
}

const every = 'id name must late lateMust soon soonMust numbers nearly { id soon } deep { id must again: name }'
const ids = ['a', 'empty', 'thrower', 'late thrower', 'late empty', 'none']

const cases: readonly (readonly [text: string, variables: Record<string, unknown>])[] = [
  ...ids.map((id) => [`query ($id: ID!) { item(id: $id) { ${every} kin { ${every} } } }`, { id }] as const),
  [`query ($ids: [ID!]) { items(ids: $ids) { ${every} } broken }`, { ids: ids.slice(0, 1) }],
  [`query ($ids: [ID!]) { items(ids: $ids) { ${every} } broken }`, { ids }],
  ['{ items { id } }', {}],
  ['{ broken must { id } }', {}],
  ...[true, false].map((on) => [`query ($on: Boolean!) { b: item(id: "a") @skip(if: $on) { id } item(id: "a") { ...F @include(if: $on) name id ...F } b: item(id: "a") { __typename name } } fragment F on Item { late id }`, { on }] as const),
  ['query ($size: Int, $words: [String!], $text: String) { item(id: "a", size: $size) { args(filter: { words: $words }, text: $text) } }', { words: ['x'], text: null }],
  ['query ($text: String = "given") { item(id: "a") { args(text: $text) twice: args(filter: { most: 1 }, text: "fixed") } }', {}],
  ['query ($id: ID!) { item(id: $id) { id } }', { id: 7 }],
  ['query ($size: Int) { item(id: "a", size: $size) { args(filter: null, text: null) } }', {}],
  ['query ($filter: Filter, $id: ID = "b") { item(id: $id) { args(filter: $filter, text: "t") } }', { filter: { words: 'one' } }],
  ['query ($id: ID = "b") { item(id: $id) { id } }', { id: null }],
]

test.each(cases)('means what graphql means by it: %s %j', async (text, variables) => {
  const document = parse(text)
  const compiled = compileQuery(schema, document)
  const expected = await execute({ schema, document, variableValues: variables, contextValue: {} })
  const found = await compiled?.({}, variables)
  expect(JSON.stringify(found?.data)).toBe(JSON.stringify(expected.data))
  if (!tellTheSameFaults(found ?? {}, expected)) expect(found?.errors).toEqual(expected.errors)
})

test('variables that do not fit are refused in graphql\'s words', async () => {
  const document = parse('query ($id: ID!, $size: Int) { item(id: $id, size: $size) { id } }')
  const given = { size: 1.5 }
  const expected = await execute({ schema, document, variableValues: given })
  expect(() => compileQuery(schema, document)?.({}, given)).toThrow(expected.errors?.map(({ message }) => message).join('\n'))
})

test.each(['mutation { x }', '{ any { name } }', '{ __schema { types { name } } }'])('leaves to graphql what it does not know: %s', (text) => {
  expect(compileQuery(schema, parse(text))).toBeNull()
})
