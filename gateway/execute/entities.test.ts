import { describe, expect, test } from '@jest/globals'
import { startFederation } from '../testing/federation.ts'

const reference = { __resolveReference: (given: object) => given }

describe('@requires', () => {
  const catalog = {
    sdl: 'type Query { products: [Product] }  type Product @key(fields: "id") { id: ID!  weight: Int  price(currency: String): Int  size: Size }  type Size { width: Int  unit: String }',
    resolvers: {
      Query: { products: () => [{ id: '1', weight: 2, size: { width: 3, unit: 'cm' } }, { id: '2', weight: null, size: null }] },
      Product: { ...reference, price: (_: unknown, { currency }: { currency?: string }) => (currency === 'EUR' ? 10 : 99) },
    },
  }
  const shipping = {
    sdl: `type Product @key(fields: "id") { id: ID!  weight: Int @external  price(currency: String): Int @external  size: Size @external
      label: String @requires(fields: "weight price(currency: \\"EUR\\") size { width }") }  type Size { width: Int @external }`,
    resolvers: { Product: { ...reference, label: (given: object) => JSON.stringify(given) } },
  }

  test('sends exactly the required fields, nulls included, and none of what the client selects beside them', async () => {
    await using graph = await startFederation({ catalog, shipping })
    const { data } = await graph.ask('{ products { price size { unit } label } }')
    expect(data).toEqual({
      products: [
        { price: 99, size: { unit: 'cm' }, label: '{"__typename":"Product","weight":2,"price":10,"size":{"width":3},"id":"1"}' },
        { price: 99, size: null, label: '{"__typename":"Product","weight":null,"price":10,"size":null,"id":"2"}' },
      ],
    })
  })

  test('a client alias that hides a key or a required field changes nothing', async () => {
    await using graph = await startFederation({ catalog, shipping })
    const plain = await graph.ask('{ products { label } }')
    const { data } = await graph.ask('{ products { weight: id id: weight price: label } }')
    const [first] = (plain.data as { products: { label: string }[] }).products
    expect(data).toEqual({ products: [{ weight: '1', id: 2, price: first?.label }, { weight: '2', id: null, price: expect.any(String) }] })
  })

  test('an entity whose required field could not be fetched is not asked for, so nothing is computed from its absence', async () => {
    await using graph = await startFederation({
      names: { sdl: 'type Query { product: Product }  type Product @key(fields: "id") { id: ID!  name: String }', resolvers: { Query: { product: () => ({ id: '1', name: 'a' }) } } },
      prices: { sdl: 'type Product @key(fields: "id") { id: ID!  price: Int }', resolvers: { Product: { ...reference, price: () => 5 } } },
      taxes: {
        sdl: 'type Product @key(fields: "id") { id: ID!  price: Int @external  tax: Int @requires(fields: "price") }',
        resolvers: { Product: { ...reference, tax: ({ price }: { price?: number }) => (price ?? 0) / 5 } },
      },
    })
    expect((await graph.ask('{ product { name tax } }')).data).toEqual({ product: { name: 'a', tax: 1 } })
    await graph.subgraphs.prices.stop()
    const { data, errors } = await graph.ask('{ product { name tax } }')
    expect(data).toEqual({ product: { name: 'a', tax: null } })
    expect(errors).toEqual([expect.objectContaining({ path: ['product'], extensions: expect.objectContaining({ code: 'SUBGRAPH_UNREACHABLE', serviceName: 'prices' }) })])
    expect(graph.subgraphs.taxes.received).toHaveLength(1)
  })
})

describe('entities', () => {
  const list = { sdl: 'type Query { products: [Product!]!  first: Product }  type Product @key(fields: "id") { id: ID! }', resolvers: { Query: { products: () => ['1', '2', '1', '3'].map((id) => ({ id })), first: () => ({ id: '1' }) } } }
  const details = {
    sdl: 'type Product @key(fields: "id") { id: ID!  name(upper: Boolean): String  tags: [Tag!] }  type Tag { text(prefix: String): String }',
    resolvers: {
      Product: {
        __resolveReference: ({ id }: { id: string }) => (id === '3' ? null : { id }),
        name: ({ id }: { id: string }, { upper }: { upper?: boolean }) => `${upper === true ? 'NAME' : 'name'} ${id}`,
        tags: () => [{}],
      },
      Tag: { text: (_: unknown, { prefix }: { prefix: string }) => `${prefix}!` },
    },
  }

  test('equal ones are asked for once; unknown ones are null', async () => {
    await using graph = await startFederation({ list, details })
    const { data, errors } = await graph.ask('{ products { name } }')
    expect(data).toEqual({ products: [{ name: 'name 1' }, { name: 'name 2' }, { name: 'name 1' }, { name: null }] })
    expect(errors).toEqual([])
    const [request] = graph.subgraphs.details.received
    expect(request?.variables).toEqual({ representations: ['1', '2', '3'].map((id) => ({ __typename: 'Product', id })) })
  })

  test('one entity at several places may be asked for different things there, nested fields included', async () => {
    await using graph = await startFederation({ list, details })
    const { data } = await graph.ask('{ first { n: name tags { t: text(prefix: "a") } } products { n: name(upper: true) tags { t: text(prefix: "b") } } }')
    const upper = (id: string): object => ({ n: `NAME ${id}`, tags: [{ t: 'b!' }] })
    expect(data).toEqual({ first: { n: 'name 1', tags: [{ t: 'a!' }] }, products: [upper('1'), upper('2'), upper('1'), { n: null, tags: null }] })
    expect(graph.subgraphs.details.received).toHaveLength(1)
  })

  test('a key of several fields, nested ones too, is sent whole; an entity with a broken key is not asked for', async () => {
    await using graph = await startFederation({
      seats: {
        sdl: 'type Query { seats: [Seat] }  type Seat @key(fields: "row hall { id }") { row: Int  hall: Hall }  type Hall { id: ID }',
        resolvers: { Query: { seats: () => [{ row: 1, hall: { id: 'a' } }, { row: null, hall: { id: 'a' } }, { row: 2, hall: { id: null } }, { row: 3, hall: null }] } },
      },
      prices: { sdl: 'type Seat @key(fields: "row hall { id }") { row: Int  hall: Hall  price: Int }  type Hall { id: ID }', resolvers: { Seat: { ...reference, price: () => 7 } } },
    })
    const { data, errors } = await graph.ask('{ seats { price } }')
    expect(data).toEqual({ seats: [{ price: 7 }, { price: null }, { price: null }, { price: null }] })
    expect(errors).toEqual([])
    expect(graph.subgraphs.prices.received[0]?.variables).toEqual({ representations: [{ __typename: 'Seat', row: 1, hall: { id: 'a' } }] })
  })

  test('@provides spares a fetch, @override moves a field, a @shareable root is answered by either', async () => {
    await using graph = await startFederation({
      reviews: {
        sdl: `type Query { review: Review  version: Int @shareable }  type Review { product: Product @provides(fields: "name") }
          type Product @key(fields: "id") { id: ID!  name: String @external  stars: Int @override(from: "products") }`,
        resolvers: { Query: { review: () => ({ product: { id: '1', name: 'from reviews' } }), version: () => 2 }, Product: { ...reference, stars: () => 5 } },
      },
      products: {
        sdl: 'type Query { product: Product  version: Int @shareable }  type Product @key(fields: "id") { id: ID!  name: String @shareable  stars: Int }',
        resolvers: { Query: { product: () => ({ id: '1', name: 'from products', stars: 1 }), version: () => 2 }, Product: reference },
      },
    })
    expect((await graph.ask('{ review { product { name stars } } version }')).data).toEqual({ review: { product: { name: 'from reviews', stars: 5 } }, version: 2 })
    expect(graph.subgraphs.products.received).toHaveLength(0)
    expect((await graph.ask('{ product { name stars } }')).data).toEqual({ product: { name: 'from products', stars: 5 } })
  })

  test('mutations run one after the other, whichever subgraph they are in', async () => {
    const log: string[] = []
    const step = (name: string, waitTurns: number) => async () => {
      log.push(`${name} starts`)
      for (let turn = 0; turn < waitTurns; turn++) await new Promise(setImmediate)
      log.push(`${name} ends`)
      return { id: name }
    }
    await using graph = await startFederation({
      one: { sdl: 'type Query { a: Int }  type Mutation { first: Item  third: Item }  type Item @key(fields: "id") { id: ID! }', resolvers: { Mutation: { first: step('first', 20), third: step('third', 0) } } },
      two: { sdl: 'type Mutation { second: Item }  type Item @key(fields: "id") { id: ID!  size: Int }', resolvers: { Mutation: { second: step('second', 10) }, Item: { ...reference, size: () => 1 } } },
    })
    const { text } = await graph.ask('mutation { first { size } second { id } third { id } again: first { id } }')
    expect(text).toBe('{"data":{"first":{"size":1},"second":{"id":"second"},"third":{"id":"third"},"again":{"id":"first"}}}')
    expect(log).toEqual(['first', 'second', 'third', 'first'].flatMap((name) => [`${name} starts`, `${name} ends`]))
  })
})
