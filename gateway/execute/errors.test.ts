import { describe, expect, test } from '@jest/globals'
import { GraphQLError } from 'graphql'
import { errorTable } from '../../runtime/errors.ts'
import { startFederation } from '../testing/federation.ts'

const reference = { __resolveReference: (given: object) => given }

const catalog = {
  sdl: `type Query { products: [Product]  product: Product  strict: [Product!]!  maybe: Wrapper }  type Wrapper { product: Product!  note: String }
    type Product @key(fields: "id") { id: ID!  name: String }`,
  resolvers: {
    Query: {
      products: () => [{ id: '1', name: 'one' }, { id: '2', name: 'two' }, { id: '1', name: 'one' }],
      product: () => ({ id: '2', name: 'two' }),
      strict: () => [{ id: '1', name: 'one' }, { id: '2', name: 'two' }],
      maybe: () => ({ product: { id: '2', name: 'two' }, note: 'kept' }),
    },
    Product: reference,
  },
}

const stock = {
  sdl: 'type Product @key(fields: "id") { id: ID!  stock: Int  level: Int!  shelves: [Shelf]  none: Int! }  type Shelf { place(row: Int): String }',
  resolvers: {
    Product: {
      ...reference,
      stock: ({ id }: { id: string }) => {
        if (id === '1') throw new GraphQLError('counting', { extensions: { code: 'COUNTING', since: 'noon' } })
        return 5
      },
      level: ({ id }: { id: string }) => {
        if (id === '2') throw new Error('broken')
        return 1
      },
      shelves: () => [{ bad: false }, { bad: true }],
      none: () => null,
    },
    Shelf: {
      place: ({ bad }: { bad: boolean }) => {
        if (bad) throw new Error('no place')
        return 'here'
      },
    },
  },
}

describe('errors of a subgraph', () => {
  test('stand where the client sees the field, by its aliases, at every place the entity stands', async () => {
    await using graph = await startFederation({ catalog, stock })
    const { data, errors } = await graph.ask('{ all: products { n: name left: stock } }')
    expect(data).toEqual({ all: [{ n: 'one', left: null }, { n: 'two', left: 5 }, { n: 'one', left: null }] })
    expect(errors).toEqual(
      [0, 2].map((index) => ({ message: 'counting', path: ['all', index, 'left'], extensions: expect.objectContaining({ code: 'COUNTING', since: 'noon', serviceName: 'stock' }) })),
    )
  })

  test('keep their path inside nested lists, and get a code when they have none', async () => {
    await using graph = await startFederation({ catalog, stock })
    const { data, errors } = await graph.ask('{ p: product { s: shelves { at: place(row: 1) } } }')
    expect(data).toEqual({ p: { s: [{ at: 'here' }, { at: null }] } })
    expect(errors).toEqual([{ message: 'no place', path: ['p', 's', 1, 'at'], extensions: expect.objectContaining({ code: 'DOWNSTREAM_SERVICE_ERROR', serviceName: 'stock' }) }])
  })

  test('name the client\'s own keys for fields that plans fetch once by their own name, at each of them, and no field that only a plan asks for', async () => {
    const fail = (field: string) => () => {
      throw new Error(`no ${field}`)
    }
    await using graph = await startFederation({
      goods: {
        sdl: `type Query { good: Good  things: [Thing] }  interface Thing { id: ID! }  type Good implements Thing @key(fields: "id") @key(fields: "sku") { id: ID!  sku: String  tags: [String]  weight: Int }
          type Other implements Thing { id: ID! }`,
        resolvers: {
          Query: { good: () => ({ id: '1' }), things: () => [{ __typename: 'Other', id: '2' }, { __typename: 'Good', id: '1' }] },
          Good: { sku: fail('sku'), weight: fail('weight'), __resolveReference: ({ id }: { id: string }) => ({ id }) },
        },
      },
      post: {
        sdl: 'type Query { parcel: Parcel }  type Parcel { good: Good }  type Good @key(fields: "id") { id: ID!  weight: Int @external  cost: Int @requires(fields: "weight") }',
        resolvers: { Query: { parcel: () => ({ good: { id: '1' } }) }, Good: { ...reference, cost: ({ weight }: { weight?: number }) => weight ?? null } },
      },
    })
    const paths = async (query: string): Promise<unknown> => (await graph.ask(query)).errors.map(({ message, path }) => [message, path])
    expect(await paths('{ good { number: sku } }')).toEqual([['no sku', ['good', 'number']]])
    expect(await paths('{ p: parcel { g: good { number: sku again: sku } } }')).toEqual([['no sku', ['p', 'g', 'number']], ['no sku', ['p', 'g', 'again']]])
    expect(await paths('{ all: things { ... on Good { number: sku } } }')).toEqual([['no sku', ['all', 1, 'number']]])
    expect(await paths('{ p: parcel { g: good { c: cost } } }')).toEqual([['no weight', ['p', 'g']]])
    expect(await paths('{ p: parcel { g: good { c: cost w: weight } } }')).toEqual(expect.arrayContaining([['no weight', ['p', 'g', 'w']]]))
  })

  test('account for the nulls they cause: none is reported twice', async () => {
    await using graph = await startFederation({ catalog, stock })
    const { data, errors } = await graph.ask('{ products { level } maybe { note product { level } } }')
    expect(data).toEqual({ products: [{ level: 1 }, null, { level: 1 }], maybe: null })
    expect(errors.map(({ message }) => message)).toEqual(['broken', 'broken'])
    expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining([['products', 1, 'level'], ['maybe', 'product', 'level']]))
  })
})

test('an error that makes an entity, or the whole answer, null accounts for the other fields of it', async () => {
  const strict = {
    sdl: 'type Query { first: Int!  second: Int! }  type Product @key(fields: "id") { id: ID!  count: Int!  level: Int! }',
    resolvers: {
      Query: {
        first: () => 1,
        second: () => {
          throw new Error('no second')
        },
      },
      Product: {
        ...reference,
        count: () => 1,
        level: () => {
          throw new Error('no level')
        },
      },
    },
  }
  await using graph = await startFederation({ catalog, strict })
  const entity = await graph.ask('{ product { count level name } }')
  expect(entity.data).toEqual({ product: null })
  expect(entity.errors.map(({ message, path }) => [message, path])).toEqual([['no level', ['product', 'level']]])
  const root = await graph.ask('{ first second }')
  expect(root.data).toBeNull()
  expect(root.errors.map(({ message, path }) => [message, path])).toEqual([['no second', ['second']]])
})

describe('null where it is not allowed', () => {
  test('goes up to the nearest field that may be null', async () => {
    await using graph = await startFederation({ catalog: { ...catalog }, missing: { sdl: stock.sdl, resolvers: { Product: { __resolveReference: () => null } } } })
    const { data, errors } = await graph.ask('{ maybe { note product { level } } product { name stock } }')
    expect(data).toEqual({ maybe: null, product: { name: 'two', stock: null } })
    expect(errors).toEqual([{ message: 'Cannot return null for non-nullable field Product.level.', path: ['maybe', 'product', 'level'], extensions: { code: 'UNEXPECTED_NULL' } }])
  })

  test('goes up to the whole of the data when nothing on the way may be null', async () => {
    await using graph = await startFederation({ catalog, missing: { sdl: stock.sdl, resolvers: { Product: { __resolveReference: () => null } } } })
    const { data, errors } = await graph.ask('{ strict { level } product { name } }')
    expect(data).toBeNull()
    expect(errors.map(({ path }) => path)).toEqual([['strict', 0, 'level']])
  })
})

describe('a subgraph that fails as a whole', () => {
  test('costs its own fields and no more, whether it is down, slow, or talks nonsense', async () => {
    await using graph = await startFederation({ catalog, stock }, { timeout: 300 })
    const ask = async (): Promise<unknown> => {
      const { data, errors, status } = await graph.ask('{ products { name stock } product { name } }')
      expect(status).toBe(200)
      expect(data).toEqual({ products: [{ name: 'one', stock: null }, { name: 'two', stock: null }, { name: 'one', stock: null }], product: { name: 'two' } })
      expect(errors).toHaveLength(1)
      expect(errors[0]?.path).toEqual(['products'])
      expect(errors[0]?.extensions.serviceName).toBe('stock')
      return errors[0]?.extensions.code
    }
    const { stock: failing } = graph.subgraphs
    failing.answerWith('nothing')
    expect(await ask()).toBe('SUBGRAPH_TIMEOUT')
    failing.answerWith({ status: 502, body: '<html>bad gateway</html>', contentType: 'text/html' })
    expect(await ask()).toBe('SUBGRAPH_BAD_RESPONSE')
    failing.answerWith({ status: 200, body: '{"data":null}' })
    expect(await ask()).toBe('SUBGRAPH_BAD_RESPONSE')
    failing.answerWith({ status: 500, body: '{"errors":[{"message":"overloaded","extensions":{"code":"OVERLOADED"}}]}' })
    expect(await ask()).toBe('OVERLOADED')
    await failing.stop()
    expect(await ask()).toBe('SUBGRAPH_UNREACHABLE')
  })

  test('may be given less time than others', async () => {
    await using graph = await startFederation({ catalog, stock }, { subgraphTimeout: { stock: 100 } })
    graph.subgraphs.stock.answerWith('nothing')
    const asked = performance.now()
    const { data, errors } = await graph.ask('{ product { name stock } }')
    expect([data, errors[0]?.extensions.code]).toEqual([{ product: { name: 'two', stock: null } }, 'SUBGRAPH_TIMEOUT'])
    expect(performance.now() - asked).toBeLessThan(9_000)
  })

  test('is reported at the root field it should have answered', async () => {
    await using graph = await startFederation({ catalog, other: { sdl: 'type Query { other: Int  another: Int! }' } })
    await graph.subgraphs.other.stop()
    const one = await graph.ask('{ x: other product { name } }')
    expect(one.data).toEqual({ x: null, product: { name: 'two' } })
    expect(one.errors.map(({ path }) => path)).toEqual([['x']])
    const both = await graph.ask('{ other another }')
    expect(both.data).toBeNull()
    expect(both.errors).toHaveLength(1)
  })

  test('an answer beyond the size limit is refused', async () => {
    await using graph = await startFederation({ catalog, stock }, { maxResponse: 200 })
    graph.subgraphs.stock.answerWith({ status: 200, body: JSON.stringify({ data: { _entities: [], padding: 'x'.repeat(500) } }) })
    const { errors } = await graph.ask('{ product { stock } }')
    expect(errors[0]?.extensions.code).toBe('SUBGRAPH_BAD_RESPONSE')
  })

  test('in production clients do not learn which one, nor what it says about its inside', async () => {
    await using graph = await startFederation({ catalog, stock }, { production: true })
    const { errors } = await graph.ask('{ products { stock } }')
    expect(errors[0]?.extensions).toEqual({ code: 'COUNTING', since: 'noon' })
    await graph.subgraphs.stock.stop()
    const { text } = await graph.ask('{ product { stock } }')
    expect(text).not.toMatch(/"stock"[^:]|127\.0\.0\.1|ECONN/)
  })

  test('in production clients get no text that a subgraph did not write for them', async () => {
    const resolvers = {
      Query: {
        driver() {
          throw new Error('connect ECONNREFUSED 10.0.0.7:5432 as postgres')
        },
        masked() {
          throw new GraphQLError('at /srv/app/index.js', { extensions: { code: 'INTERNAL_SERVER_ERROR', stacktrace: ['at /srv/app/index.js'] } })
        },
        meant() {
          throw new GraphQLError('Only one a day.', { extensions: { code: 'ONE_A_DAY' } })
        },
      },
    }
    await using graph = await startFederation({ talkative: { sdl: 'type Query { driver: Int  masked: Int  meant: Int }', resolvers } }, { production: true })
    const { errors } = await graph.ask('{ driver masked meant }')
    expect(errors.map(({ message, path, extensions }) => [path, message, extensions])).toEqual([
      [['driver'], errorTable.DOWNSTREAM_SERVICE_ERROR.text, { code: 'DOWNSTREAM_SERVICE_ERROR' }],
      [['masked'], errorTable.INTERNAL_SERVER_ERROR.text, { code: 'INTERNAL_SERVER_ERROR' }],
      [['meant'], 'Only one a day.', { code: 'ONE_A_DAY' }],
    ])
  })
})
