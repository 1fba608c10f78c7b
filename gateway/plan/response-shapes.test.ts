import { expect, test } from '@jest/globals'
import { startFederation } from '../testing/federation.ts'

const reference = { __resolveReference: (given: object) => given }
const sent = ({ likes, spec }: { likes?: unknown; spec?: unknown }): string => JSON.stringify([likes, spec])

const subgraphs = {
  feed: {
    sdl: 'type Query { feed: [Entry!]! }  union Entry = Post | User | Ad  type Post @key(fields: "id") { id: ID! }  type User @key(fields: "id") { id: ID! }  type Ad @key(fields: "id") { id: ID!  likes: Float }',
    resolvers: { Query: { feed: () => ['Post', 'User', 'Ad'].map((__typename) => ({ __typename, id: '1' })) }, Ad: { ...reference, likes: () => 0.5 } },
  },
  facts: {
    sdl: `type Post @key(fields: "id") { id: ID!  likes: Int!  spec: PostSpec }  type PostSpec { size: Int  by: [Person!]! }  type Person { name: String! }
      type User @key(fields: "id") { id: ID!  likes: String  spec: UserSpec! }  type UserSpec { size: [String]  by: Person }`,
    resolvers: {
      Post: { ...reference, likes: () => 7, spec: () => ({ size: 4, by: [{ name: 'Ada' }] }) },
      User: { ...reference, likes: () => 'tea', spec: () => ({ size: ['S', null], by: null }) },
    },
  },
  scores: {
    sdl: `type Post @key(fields: "id") { id: ID!  likes: Int! @external  spec: PostSpec @external  score: String @requires(fields: "likes spec { size by { name } }") }
      type PostSpec { size: Int @external  by: [Person!]! @external }  type Person { name: String! @external }
      type User @key(fields: "id") { id: ID!  likes: String @external  spec: UserSpec! @external  score: String @requires(fields: "likes spec { size by { name } }") }  type UserSpec { size: [String] @external  by: Person @external }
      type Ad @key(fields: "id") { id: ID!  likes: Float @external  score: String @requires(fields: "likes") }`,
    resolvers: { Post: { ...reference, score: sent }, User: { ...reference, score: sent }, Ad: { ...reference, score: sent } },
  },
}

const post = '[7,{"size":4,"by":[{"name":"Ada"}]}]'
const user = '["tea",{"size":["S",null],"by":null}]'
const ad = '[0.5,null]'

test.each<[string, string, unknown]>([
  ['by themselves', '{ feed { ... on Post { score } ... on User { score } ... on Ad { score } } }', [{ score: post }, { score: user }, { score: ad }]],
  ['beside what the client selects of the same', '{ feed { ... on Post { score spec { size } } ... on User { score tastes: likes own: spec { size } } ... on Ad { score } } }', [
    { score: post, spec: { size: 4 } },
    { score: user, tastes: 'tea', own: { size: ['S', null] } },
    { score: ad },
  ]],
])('objects of one list get what they require by one name, whatever its types: %s', async (_how, query, feed) => {
  await using graph = await startFederation(subgraphs)
  const { data, errors } = await graph.ask(query)
  expect(errors).toEqual([])
  expect(data).toEqual({ feed })
})

test('what fails under a key of its own is reported where the client has it', async () => {
  const broken = { ...subgraphs, facts: { ...subgraphs.facts, resolvers: { ...subgraphs.facts.resolvers, User: { ...reference, spec: () => ({}), likes: () => { throw new Error('no tea') } } } } }
  await using graph = await startFederation(broken)
  const { data, errors } = await graph.ask('{ feed { ... on Post { score } ... on User { score tastes: likes } } }')
  expect(errors.map(({ message, path }) => ({ message, path }))).toContainEqual({ message: 'no tea', path: ['feed', 1, 'tastes'] })
  expect(data).toEqual({ feed: [{ score: post }, { score: '[null,{"size":null,"by":null}]', tastes: null }, {}] })
})
