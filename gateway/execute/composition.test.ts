import { describe, expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

type Given = Readonly<Record<string, unknown>>

describe('keys', () => {
  test('each subgraph may know an entity by others, some of them only to be passed on', async () => {
    const parts = { '1': { id: '1', serial: 's1', spot: { hall: 'A', row: '1', bin: 'x' } } }
    await using graph: Federation<'plan' | 'stock'> = await startFederation({
      plan: {
        sdl: `type Query { part: Part }  type Spot { hall: ID! @shareable  row: ID! @shareable  bin: ID! @shareable }
          type Part @key(fields: "id") @key(fields: "serial", resolvable: false) @key(fields: "id spot { row bin }") @key(fields: "spot { hall row }") { id: ID!  serial: ID!  spot: Spot!  name: String! }`,
        resolvers: { Query: { part: () => parts['1'] }, Part: { name: ({ id }: Given) => `part ${String(id)}`, __resolveReference: () => parts['1'] } },
      },
      stock: {
        sdl: `type Query { crate: Crate }  type Crate { parts: [Part!]! }  type Spot { hall: ID! @shareable  row: ID! @shareable  bin: ID! @shareable }
          type Part @key(fields: "spot { hall row }", resolvable: false) @key(fields: "id spot { row bin }") @key(fields: "serial", resolvable: false) { id: ID!  serial: ID!  spot: Spot!  name: String! @external  tag: String! @requires(fields: "name") }`,
        resolvers: { Query: { crate: () => ({ parts: [parts['1']] }) }, Part: { tag: ({ name }: Given) => `tag of ${String(name)}` } },
      },
    })
    expect((await graph.ask('{ crate { parts { id name tag } } part { tag } }')).text).toBe('{"data":{"crate":{"parts":[{"id":"1","name":"part 1","tag":"tag of part 1"}]},"part":{"tag":"tag of part 1"}}}')
  })

  test('one that comes back null on the way to another ends the way without an error', async () => {
    await using graph: Federation<'shelf' | 'index' | 'writers'> = await startFederation({
      shelf: { sdl: 'type Query { books: [Book] }  type Book @key(fields: "isbn") { isbn: ID! }', resolvers: { Query: { books: () => [{ isbn: 'a' }, { isbn: 'b' }, { isbn: 'c' }] } } },
      index: {
        sdl: 'type Book @key(fields: "isbn") @key(fields: "id") { isbn: ID!  id: ID }',
        resolvers: { Book: { __resolveReference: ({ isbn }: Given) => (isbn === 'c' ? null : { isbn, id: isbn === 'b' ? null : '1' }) } },
      },
      writers: { sdl: 'type Book @key(fields: "id") { id: ID  writer: String }', resolvers: { Book: { __resolveReference: ({ id }: Given) => ({ id }), writer: ({ id }: Given) => `writer ${String(id)}` } } },
    })
    expect((await graph.ask('{ books { isbn writer } }')).text).toBe('{"data":{"books":[{"isbn":"a","writer":"writer 1"},{"isbn":"b","writer":null},{"isbn":"c","writer":null}]}}')
    expect(graph.subgraphs.writers.received.at(-1)?.variables).toEqual({ representations: [{ __typename: 'Book', id: '1' }] })
  })
})

describe('a union of which subgraphs know other members', () => {
  const subgraphs = {
    left: {
      sdl: `type Query { left: Box  both: Box @shareable }  type Box @shareable { deeds: [Deed!]! }  union Deed = Common | Left  type Common @shareable { label: String! }  type Left { a: Int! }`,
      resolvers: { Query: { left: () => ({ deeds: [{ __typename: 'Common', label: 'c' }, { __typename: 'Left', a: 1 }] }), both: () => ({ deeds: [{ __typename: 'Common', label: 'c' }] }) } },
    },
    right: {
      sdl: `type Query { right: Box  both: Box @shareable }  type Box @shareable { deeds: [Deed!]! }  union Deed = Common | Right  type Common @shareable { label: String! }  type Right { b: Int! }`,
      resolvers: { Query: { right: () => ({ deeds: [{ __typename: 'Right', b: 2 }] }), both: () => ({ deeds: [{ __typename: 'Common', label: 'c' }] }) } },
    },
  }

  test('is asked by each for its own only', async () => {
    await using graph: Federation<'left' | 'right'> = await startFederation(subgraphs)
    const all = '{ deeds { __typename ... on Common { label } ... on Left { a } ... on Right { b } } }'
    expect((await graph.ask(`{ left ${all} right ${all} both ${all} }`)).data).toEqual({
      left: { deeds: [{ __typename: 'Common', label: 'c' }, { __typename: 'Left', a: 1 }] },
      right: { deeds: [{ __typename: 'Right', b: 2 }] },
      both: { deeds: [{ __typename: 'Common', label: 'c' }] },
    })
    expect((await graph.ask('{ left { deeds { __typename ... on Right { b } } } }')).data).toEqual({ left: { deeds: [{ __typename: 'Common' }, { __typename: 'Left' }] } })
  })
})

test('an interface of an entity whose subgraphs know other types of it: what the first subgraph found stays what it is', async () => {
  const deed = (own: string, field: string) => `interface Deed { label: String }  type Common implements Deed @shareable { label: String }  type ${own} implements Deed { label: String  ${field}: Int }  type Box @key(fields: "id") { id: ID!  deeds: [Deed!]! @shareable }`
  const common = { __typename: 'Common', label: 'c' }
  const box = (...deeds: object[]) => ({ __resolveReference: ({ id }: Given) => ({ id }), deeds: () => deeds })
  await using graph: Federation<'left' | 'right'> = await startFederation({
    left: { sdl: `type Query { left: Box }  ${deed('Left', 'a')}`, resolvers: { Query: { left: () => ({ id: '1' }) }, Box: box(common, { __typename: 'Left', label: 'l', a: 1 }) } },
    right: { sdl: `type Query { right: Box }  ${deed('Right', 'b')}`, resolvers: { Query: { right: () => ({ id: '1' }) }, Box: box(common, { __typename: 'Right', label: 'r', b: 2 }) } },
  })
  const deeds = '{ deeds { __typename label ... on Left { a } ... on Right { b } } }'
  expect((await graph.ask(`{ left ${deeds} }`)).data).toEqual({ left: { deeds: [common, { __typename: 'Left', label: 'l', a: 1 }] } })
  expect((await graph.ask(`{ right ${deeds} }`)).data).toEqual({ right: { deeds: [common, { __typename: 'Right', label: 'r', b: 2 }] } })
})

test('required fields in a circle: two subgraphs need each other, field by field', async () => {
  await using graph: Federation<'one' | 'two'> = await startFederation({
    one: {
      sdl: 'type Query { posts: [Post!]! }  type Post @key(fields: "id") { id: ID!  fresh: Boolean! @external  old: Boolean! @requires(fields: "fresh")  age: Int! }',
      resolvers: { Query: { posts: () => [{ id: '1' }, { id: '2' }] }, Post: { age: ({ id }: Given) => Number(id) * 10, old: ({ fresh }: Given) => (typeof fresh === 'boolean' ? !fresh : null) } },
    },
    two: { sdl: 'type Post @key(fields: "id") { id: ID!  age: Int! @external  fresh: Boolean! @requires(fields: "age") }', resolvers: { Post: { fresh: ({ age }: Given) => Number(age) < 15 } } },
  })
  expect((await graph.ask('{ posts { old } }')).text).toBe('{"data":{"posts":[{"old":false},{"old":true}]}}')
  expect((await graph.ask('{ posts { x: fresh } }')).text).toBe('{"data":{"posts":[{"x":true},{"x":false}]}}')
})

test('required fields with other arguments than the client\'s, and than each other\'s', async () => {
  await using graph: Federation<'shop' | 'post'> = await startFederation({
    shop: {
      sdl: 'type Query { things: [Thing!]! }  type Thing @key(fields: "id") { id: ID!  price(in: String!): Int!  group: Group }  type Group { mean(in: String!): Int }',
      resolvers: { Query: { things: () => [{ id: '1', group: {} }] }, Thing: { price: (_: unknown, { in: unit }: { in: string }) => (unit === 'EUR' ? 20 : 10) }, Group: { mean: (_: unknown, { in: unit }: { in: string }) => (unit === 'EUR' ? 8 : 4) } },
    },
    post: {
      sdl: `type Thing @key(fields: "id") { id: ID!  price(in: String!): Int! @external  group: Group @external  far: Int! @requires(fields: "price(in: \\"USD\\")")  near: Int! @requires(fields: "price(in: \\"EUR\\")")  mean: Int! @requires(fields: "group { mean(in: \\"EUR\\") }") }
        type Group { mean(in: String!): Int @external }`,
      resolvers: { Thing: { far: ({ price }: Given) => Number(price) + 1, near: ({ price }: Given) => Number(price) + 2, mean: ({ group }: { group: { mean: number } }) => group.mean } },
    },
  })
  expect((await graph.ask('{ things { far near mean price(in: "EUR") p: price(in: "USD") group { mean(in: "USD") } } }')).text).toBe('{"data":{"things":[{"far":11,"near":22,"mean":8,"price":20,"p":10,"group":{"mean":4}}]}}')
})

test('fields provided by an interface, and by members of a union, are not fetched again', async () => {
  await using graph: Federation<'feed' | 'owner'> = await startFederation({
    feed: {
      sdl: `type Query { top: Media @shareable @provides(fields: "... on Film { title } ... on Song { title length }") }  union Media = Film | Song
        type Film @key(fields: "id") { id: ID!  title: String @external }  type Song @key(fields: "id") { id: ID!  title: String @external  length: Int @external }`,
      resolvers: { Query: { top: () => ({ __typename: 'Song', id: '1', title: 'given', length: 3 }) } },
    },
    owner: { sdl: 'type Film @key(fields: "id") { id: ID!  title: String @shareable }  type Song @key(fields: "id") { id: ID!  title: String @shareable  length: Int @shareable  year: Int }', resolvers: { Song: { title: () => 'fetched', year: () => 1970 } } },
  })
  expect((await graph.ask('{ top { ... on Film { title } ... on Song { title length } } }')).text).toBe('{"data":{"top":{"title":"given","length":3}}}')
  expect(graph.subgraphs.owner.received).toEqual([])
  expect((await graph.ask('{ top { ... on Song { length year } } }')).text).toBe('{"data":{"top":{"length":3,"year":1970}}}')
})
