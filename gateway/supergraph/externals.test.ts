import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parse } from 'graphql'
import { type Federation, startFederation } from '../testing/federation.ts'
import { withExternals } from './externals.ts'

const reference = { __resolveReference: (given: object) => given }
const required = (value: number | undefined): number => {
  if (value === undefined) throw new Error('something required is missing')
  return value
}
const notItsOwn = (): never => {
  throw new Error('this is from elsewhere')
}

const subgraphs = {
  shelf: {
    sdl: `type Query { media: [Media!]! }  interface Media @key(fields: "id") { id: ID!  size: Int }
      type Book implements Media @key(fields: "id") { id: ID!  size: Int  title: String }  type Film implements Media @key(fields: "id") { id: ID!  size: Int }`,
    resolvers: {
      Query: { media: () => [{ __typename: 'Book', id: '1', size: 3, title: 'one' }, { __typename: 'Film', id: '2', size: 5 }] },
      Media: { __resolveReference: ({ id }: { id: string }) => (id === '1' ? { __typename: 'Book', id, size: 3, title: 'one' } : { __typename: 'Film', id, size: 5 }) },
      Book: { __resolveReference: ({ id }: { id: string }) => ({ id, size: 3, title: 'one' }) },
      Film: { __resolveReference: ({ id }: { id: string }) => ({ id, size: 5 }) },
    },
  },
  films: {
    sdl: 'type Book @key(fields: "id") { id: ID!  twin: Film }  type Film @key(fields: "id") { id: ID!  size: Int @external  long: Boolean @requires(fields: "size") }',
    resolvers: { Book: { ...reference, twin: () => ({ id: '2' }) }, Film: { ...reference, long: ({ size }: { size?: number }) => required(size) > 4 } },
  },
  marks: {
    sdl: 'type Media @interfaceObject @key(fields: "id") { id: ID!  size: Int @external  mark: Int @requires(fields: "size")  like: Media }',
    resolvers: { Media: { ...reference, size: notItsOwn, mark: ({ size }: { size?: number }) => required(size) * 2, like: () => ({ id: '1' }) } },
  },
}

let graph: Federation<keyof typeof subgraphs>
beforeAll(async () => {
  graph = await startFederation(subgraphs)
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

test.each<[string, string, unknown]>([
  ['of all types', '{ media { size mark } }', [{ size: 3, mark: 6 }, { size: 5, mark: 10 }]],
  ['of one type', '{ media { ... on Book { mark } } }', [{ mark: 6 }, {}]],
  ['behind itself', '{ media { like { mark } } }', [{ like: { mark: 6 } }, { like: { mark: 6 } }]],
  ['beside what an object requires of the same', '{ media { like { ... on Book { title twin { long mark } } } } }', Array.from({ length: 2 }, () => ({ like: { title: 'one', twin: { long: true, mark: 10 } } }))],
])('what an interface object requires is fetched from where it is, %s', async (_where, query, media) => {
  const { data, errors } = await graph.ask(query)
  expect(errors).toEqual([])
  expect(data).toEqual({ media })
})

test('only what is not written down is added', () => {
  const sdl = (size: string): string => `interface Media @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true) { id: ID!  size: Int ${size}  mark: Int @join__field(graph: B, requires: "id size") }`
  const complete = parse(sdl('@join__field(graph: A) @join__field(graph: B, external: true)'), { noLocation: true })
  expect(withExternals(complete)).toBe(complete)
  expect(withExternals(parse(sdl(''), { noLocation: true }))).toEqual(complete)
})
