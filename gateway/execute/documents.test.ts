import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { publicCaller } from '../../runtime/identity/caller.ts'
import { getIntrospectionQuery } from 'graphql'
import type { PlanNode } from '../plan/planner.ts'
import { type Federation, post, startFederation } from '../testing/federation.ts'
import { compilePlan } from './compile.ts'
import { fresh, Run } from './run.ts'

const definitions = {
  things: {
    sdl: `"Where all begins" type Query { thing(id: ID = "1"): Thing  things: [Thing!]! }  type Mutation { touch(id: ID!): Thing }  scalar Blob
      type Thing @key(fields: "id") { id: ID!  name: String  blob: Blob  secret: String @inaccessible  old: Int @deprecated(reason: "gone") }`,
    resolvers: {
      Query: { thing: (_: unknown, { id }: { id: string }) => ({ id, name: `thing ${id}`, blob: { any: [1, 'x', null] } }), things: () => [{ id: '1', name: 'a' }] },
      Mutation: { touch: (_: unknown, { id }: { id: string }) => ({ id, name: 'touched' }) },
    },
  },
  sizes: {
    sdl: 'type Thing @key(fields: "id") { id: ID!  size(unit: String = "cm"): String  parts(first: Int): [Part] }  type Part { n: Int  next: Part }',
    resolvers: { Thing: { __resolveReference: (given: object) => given, size: (_: unknown, { unit }: { unit: string }) => `1 ${unit}`, parts: () => [{ n: 1, next: { n: 2 } }] } },
  },
}
let graph: Federation<keyof typeof definitions>

beforeAll(async () => {
  graph = await startFederation(definitions)
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

describe('what a document selects', () => {
  test('comes back in its own order, fragments included, each key once', async () => {
    const { text } = await graph.ask(`
      query ($unit: String!) { t: thing { ...Second size(unit: $unit) ... { name first: id } ...Second } __typename }
      fragment Second on Thing { name parts { ...Deep n } }  fragment Deep on Part { next { n } }`, { unit: 'inch' })
    expect(text).toBe('{"data":{"t":{"name":"thing 1","parts":[{"next":{"n":2},"n":1}],"size":"1 inch","first":"1"},"__typename":"Query"}}')
  })

  test.each([
    { yes: true, no: false, expected: { thing: { name: 'thing 1', size: '1 cm' } } },
    { yes: false, no: false, expected: { thing: { name: 'thing 1' } } },
    { yes: true, no: true, expected: {} },
  ])('follows its conditions: %j', async ({ yes, no, expected }) => {
    const before = graph.subgraphs.sizes.received.length
    const { data } = await graph.ask('query ($yes: Boolean!, $no: Boolean!) { thing @skip(if: $no) { name ...F @include(if: $yes) } } fragment F on Thing { size }', { yes, no })
    expect(data).toEqual(expected)
    expect(graph.subgraphs.sizes.received.length - before).toBe('thing' in expected && yes ? 1 : 0)
  })

  test('custom scalars pass as they are; defaults of arguments and variables hold', async () => {
    const { data } = await graph.ask('query ($id: ID = "7") { thing(id: $id) { blob size } plain: thing { id } }')
    expect(data).toEqual({ thing: { blob: { any: [1, 'x', null] }, size: '1 cm' }, plain: { id: '1' } })
  })

  test('several operations in a document are told apart by name', async () => {
    const query = 'query A { thing { name } } query B { things { size } } mutation C { touch(id: 3) { name size } }'
    expect((await post(graph.url, { query, operationName: 'B' })).data).toEqual({ things: [{ size: '1 cm' }] })
    expect((await post(graph.url, { query, operationName: 'C' })).data).toEqual({ touch: { name: 'touched', size: '1 cm' } })
    expect((await post(graph.url, { query })).errors[0]?.extensions.code).toBe('OPERATION_RESOLUTION_FAILURE')
    expect((await post(graph.url, { query, operationName: 'D' })).errors[0]?.extensions.code).toBe('OPERATION_RESOLUTION_FAILURE')
  })
})

describe('introspection', () => {
  test('shows what clients may see, with descriptions, and asks no subgraph', async () => {
    const before = graph.subgraphs.things.received.length
    const { text, errors } = await graph.ask(getIntrospectionQuery())
    expect(errors).toEqual([])
    expect(text).toContain('Where all begins')
    expect(text).not.toMatch(/secret|join__|_entities|link__/)
    expect(graph.subgraphs.things.received).toHaveLength(before)
  })

  test('stands beside data in one answer, through fragments and conditions too', async () => {
    const { text } = await graph.ask(
      'query ($name: String!, $no: Boolean!) { t: __type(name: $name) { name fields { name } } thing { name } ...S  missing: __type(name: "X") { name } } fragment S on Query { __schema @skip(if: $no) { mutationType { name } } }',
      { name: 'Part', no: false },
    )
    expect(text).toBe('{"data":{"t":{"name":"Part","fields":[{"name":"n"},{"name":"next"}]},"thing":{"name":"thing 1"},"__schema":{"mutationType":{"name":"Mutation"}},"missing":null}}')
  })
})

describe('a plan', () => {
  const types = { satisfies: () => true, isAbstract: () => false, has: () => true, nameIn: (name: string) => name, keysOf: () => [], keysOfType: () => [], requirementOf: () => null, interfaceObjects: new Set<string>(), isOfInterfaceObject: () => false, keyLeaves: new Set<string>(), keyObjects: new Set<string>(), readByPlans: new Set<string>(), readWithArguments: new Set<string>() }
  const scope = { headers: {}, caller: '', who: publicCaller, signal: new AbortController().signal }
  const fetchOf = (name: string): PlanNode => ({ kind: 'Fetch', serviceName: name, operation: `{ ${name} }` })

  test('follows its conditional nodes by the value of their variable', async () => {
    const asked: string[] = []
    const subgraphs = {
      request: async (service: string) => {
        asked.push(service)
        return { data: { [service]: 1 }, errors: undefined }
      },
      subscribe: () => {
        throw new Error('no subscription here')
      },
    }
    const { step } = compilePlan({ kind: 'Sequence', nodes: [{ kind: 'Condition', condition: 'x', ifClause: fetchOf('a'), elseClause: fetchOf('b') }, { kind: 'Condition', condition: 'x', elseClause: fetchOf('c') }] }, types)
    for (const x of [true, false]) await step(new Run(subgraphs, scope, { x }, fresh))
    expect(asked).toEqual(['a', 'b', 'c'])
  })

  test.each<[string, PlanNode]>([
    ['deferred nodes', { kind: 'Defer', primary: {}, deferred: [] }],
    ['a path to something else than a fetch', { kind: 'Flatten', path: [{ Field: 'a' }], node: { kind: 'Sequence', nodes: [fetchOf('a')] } }],
    ['a path to a mutation', { kind: 'Flatten', path: [{ Field: 'a' }], node: { kind: 'Fetch', serviceName: 'a', operation: 'mutation{a}' } }],
    ['entities without representations', { kind: 'Flatten', path: [{ Field: 'a' }], node: { kind: 'Fetch', serviceName: 'a', operation: 'query($of:[_Any!]!){_entities(representations:$of){...on A{a}}}' } }],
    ['a subscription inside', { kind: 'Parallel', nodes: [{ kind: 'Subscription', primary: { kind: 'Fetch', serviceName: 'a', operation: '{a}' } }] }],
    ['representations without a type', { kind: 'Flatten', path: [], node: { kind: 'Fetch', serviceName: 'a', operation: '{a}', requires: [{ kind: 'Field', name: 'id' }] } }],
  ])('with %s is refused', (_what, plan) => {
    expect(() => compilePlan(plan, types)).toThrow(expect.objectContaining({ code: 'QUERY_PLANNING_FAILED' }))
  })
})
