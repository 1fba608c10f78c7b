import { describe, expect, test } from '@jest/globals'
import { startFederation } from '../testing/federation.ts'

const reference = { __resolveReference: (given: object) => given }

describe('unions and interfaces', () => {
  const library = {
    sdl: `type Query { media: [Media]  named: [Named!]!  search: [Media!] }  union Media = Book | Film | Secret  interface Named { name: String }
      type Book implements Named @key(fields: "id") { id: ID!  name: String  title: String! @shareable }  type Film implements Named @key(fields: "id") { id: ID!  name: String  title: String @shareable }
      type Secret @inaccessible { id: ID! }`,
    resolvers: {
      Query: {
        media: () => [{ __typename: 'Book', id: 'b', title: 'B' }, { __typename: 'Film', id: 'f', title: null }, { __typename: 'Secret', id: 's' }, null],
        named: () => [{ __typename: 'Book', name: 'book' }, { __typename: 'Film', name: 'film' }],
        search: () => [{ __typename: 'Secret', id: 's' }],
      },
    },
  }
  const ratings = {
    sdl: `type Book @key(fields: "id") { id: ID!  rating: Int  title: String @shareable }  type Film @key(fields: "id") { id: ID!  rating: Int  title: String @shareable }`,
    resolvers: { Book: { ...reference, rating: () => 1 }, Film: { ...reference, rating: () => 2 } },
  }

  test('members are completed by another subgraph, each by its own fields', async () => {
    await using graph = await startFederation({ library, ratings })
    const { data, errors } = await graph.ask('{ media { __typename ... on Book { rating } ...F ... on Named { name: __typename } } } fragment F on Film { stars: rating ... on Film { id } }')
    expect(data).toEqual({ media: [{ __typename: 'Book', rating: 1, name: 'Book' }, { __typename: 'Film', stars: 2, id: 'f', name: 'Film' }, null, null] })
    expect(errors).toEqual([])
  })

  test('an object of a type that clients may not see is null, and propagates where null is not allowed', async () => {
    await using graph = await startFederation({ library, ratings })
    const { data, errors } = await graph.ask('{ search { __typename } }')
    expect(data).toEqual({ search: null })
    expect(errors).toEqual([expect.objectContaining({ path: ['search', 0], extensions: { code: 'UNEXPECTED_NULL' } })])
    expect(JSON.stringify(errors)).not.toContain('Secret')
  })

  test('one response key may have other types in other members (a plan renames it under way)', async () => {
    await using graph = await startFederation({ library, ratings })
    expect((await graph.ask('{ media { ... on Book { title } ... on Film { title } } }')).data).toEqual({ media: [{ title: 'B' }, { title: null }, null, null] })
  })

  test('an interface that no fragment narrows is read by its own fields', async () => {
    await using graph = await startFederation({ library, ratings })
    expect((await graph.ask('{ named { n: name } }')).text).toBe('{"data":{"named":[{"n":"book"},{"n":"film"}]}}')
  })
})

describe('interface objects', () => {
  const accounts = {
    sdl: 'type Query { accounts: [Account!] }  interface Account @key(fields: "id") { id: ID!  name: String }  type User implements Account @key(fields: "id") { id: ID!  name: String  email: String }  type Bot implements Account @key(fields: "id") { id: ID!  name: String }',
    resolvers: {
      Query: { accounts: () => [{ __typename: 'User', id: 'u', name: 'Ann', email: 'a@b' }, { __typename: 'Bot', id: 'b', name: 'Bo' }] },
      Account: { __resolveReference: ({ id }: { id: string }) => (id === 'u' ? { __typename: 'User', id, name: 'Ann', email: 'a@b' } : { __typename: 'Bot', id, name: 'Bo' }) },
    },
  }
  const activity = {
    sdl: 'type Query { active: [Account!]! }  type Account @key(fields: "id") @interfaceObject { id: ID!  score: Int }',
    resolvers: { Query: { active: () => [{ id: 'b' }, { id: 'u' }] }, Account: { ...reference, score: ({ id }: { id: string }) => id.length } },
  }

  test('add a field to every implementation', async () => {
    await using graph = await startFederation({ accounts, activity })
    const { data, errors } = await graph.ask('{ accounts { __typename id score ... on User { email } } }')
    expect(errors).toEqual([])
    expect(data).toEqual({ accounts: [{ __typename: 'User', id: 'u', score: 1, email: 'a@b' }, { __typename: 'Bot', id: 'b', score: 1 }] })
  })

  test('are resolved to their real types when asked', async () => {
    await using graph = await startFederation({ accounts, activity })
    expect((await graph.ask('{ active { id score } }')).data).toEqual({ active: [{ id: 'b', score: 1 }, { id: 'u', score: 1 }] })
    const { data } = await graph.ask('{ active { __typename name ... on User { email } } }')
    expect(data).toEqual({ active: [{ __typename: 'Bot', name: 'Bo' }, { __typename: 'User', name: 'Ann', email: 'a@b' }] })
  })

  test('are never answered with the interface as a type', async () => {
    await using graph = await startFederation({ accounts, activity })
    await graph.subgraphs.accounts.stop()
    const { data, errors } = await graph.ask('{ active { __typename score } }')
    expect(data).toBeNull()
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['SUBGRAPH_UNREACHABLE'])
  })
})

describe('enums and inputs', () => {
  test('a value that clients may not see is null with an error; inputs are those that every subgraph takes', async () => {
    await using graph = await startFederation({
      one: {
        sdl: 'type Query { kinds: [Kind]  take(input: Box): String }  enum Kind { A B C @inaccessible }  input Box { size: Int  colour: String }',
        resolvers: { Query: { kinds: () => ['A', 'C', 'B'], take: (_: unknown, { input }: { input: unknown }) => JSON.stringify(input) } },
      },
      two: { sdl: 'type Query { other(kind: Kind = A): Kind  put(input: Box): String }  enum Kind { A B }  input Box { size: Int }', resolvers: { Query: { other: (_: unknown, { kind }: { kind: string }) => kind } } },
    })
    const { data, errors } = await graph.ask('query ($box: Box) { kinds take(input: $box) other x: other(kind: B) }', { box: { size: 1 } })
    expect(data).toEqual({ kinds: ['A', null, 'B'], take: '{"size":1}', other: 'A', x: 'B' })
    expect(errors).toEqual([expect.objectContaining({ path: ['kinds', 1], extensions: { code: 'SUBGRAPH_BAD_RESPONSE' } })])
    const refused = await graph.ask('query ($box: Box) { take(input: $box) }', { box: { size: 1, colour: 'red' } })
    expect(refused.data).toBeUndefined()
    expect(refused.errors[0]?.extensions.code).toBe('BAD_USER_INPUT')
  })
})
