import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

interface Given {
  readonly id: string
  readonly title?: string
  readonly mark?: number
}

const kinds = { b: 'Book', f: 'Film' } as const
const found = (id: string): object => ({ __typename: kinds[id.charAt(0) as keyof typeof kinds], id, title: `title ${id}` })
const reference = { __resolveReference: (given: object) => given }

/** What ranks media needs what two others know, one of which knows them by their interface alone. */
const subgraphs = {
  shelf: {
    sdl: `type Query { media: [Media!]! }  interface Titled { title: String }  type Sticker implements Titled { title: String }  interface Media implements Titled @key(fields: "id") { id: ID!  title: String }
      type Book implements Media & Titled @key(fields: "id") { id: ID!  title: String  pages: Int }  type Film implements Media & Titled @key(fields: "id") { id: ID!  title: String }`,
    resolvers: { Query: { media: () => [found('b1'), found('f2')] }, Media: { __resolveReference: ({ id }: Given) => found(id) }, Book: { __resolveReference: ({ id }: Given) => found(id), pages: () => 300 } },
  },
  marks: {
    sdl: 'type Query { best: [Media!]! }  type Media @interfaceObject @key(fields: "id") { id: ID!  mark: Int! }',
    resolvers: { Query: { best: () => [{ id: 'f3' }, { id: 'b4' }] }, Media: { ...reference, mark: ({ id }: Given) => Number(id.slice(1)) } },
  },
  ranks: {
    sdl: 'type Media @interfaceObject @key(fields: "id") { id: ID!  title: String @external  mark: Int! @external  rank: String! @requires(fields: "title mark")  like: [Media!]! }',
    resolvers: {
      Media: {
        ...reference,
        like: ({ id }: Given) => [{ id: `${id.startsWith('b') ? 'f' : 'b'}${Number(id.slice(1)) + 5}` }],
        rank({ title, mark }: Given) {
          if (title === undefined || mark === undefined) throw new Error('something required is missing')
          return `${mark} ${title}`
        },
      },
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

test.each<[string, string, unknown]>([
  ['a field that requires those of others, below a second visit to its subgraph', '{ media { like { rank } } best { like { rank like { ... on Film { rank } ... on Book { pages } } } } }', {
    media: [{ like: [{ rank: '6 title f6' }] }, { like: [{ rank: '7 title b7' }] }],
    best: [{ like: [{ rank: '8 title b8', like: [{ rank: '13 title f13' }] }] }, { like: [{ rank: '9 title f9', like: [{ pages: 300 }] }] }],
  }],
  ['one that requires others, of one type alone', '{ best { ... on Book { rank } } }', { best: [{}, { rank: '4 title b4' }] }],
  ['a type that cannot stand there', '{ best { ... on Titled { ... on Sticker { title } ... on Film { title } } } }', { best: [{ title: 'title f3' }, {}] }],
])('an interface object is asked for %s', async (_what, query, expected) => {
  const { data, errors } = await graph.ask(query)
  expect(errors).toEqual([])
  expect(data).toEqual(expected)
})
