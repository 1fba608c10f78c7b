import { describe, expect, test } from '@jest/globals'
import { buildASTSchema, graphql, parse, validateSchema } from 'graphql'
import { readSubgraph, subgraphs } from '../../../schema/files.ts'
import { buildNodeSchema } from './build.ts'
import { mergeDefinitions } from './merge.ts'
import type { SchemaModule } from './parts.ts'

interface Calls { readonly references: string[] }

/** Two subgraphs in the form federation has them: `shop` makes products, `prices` and `links` add to them. */
function modules(calls: Calls): SchemaModule[] {
  const catalogue = new Map([['1', { id: '1', name: 'Tea' }], ['2', { id: '2', name: 'Milk' }]])
  const known = (name: string) => ({ id }: { id: string }) => {
    calls.references.push(`${name}:${id}`)
    return catalogue.get(id) ?? null
  }
  return [
    {
      name: 'shop',
      typeDefs: parse(`
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
        type Query { products: [Product]!  product(id: ID!): Product }
        type Product @key(fields: "id") { id: ID!  name: String! }
      `),
      resolvers: {
        Query: { products: () => [...catalogue.values()], product: (_: unknown, { id }: { id: string }) => catalogue.get(id) },
        Product: { __resolveReference: known('shop') },
      },
    },
    {
      name: 'prices',
      typeDefs: parse(`
        directive @cloudOnly on FIELD_DEFINITION
        type Product @key(fields: "id") { id: ID!  price: Int  history: [Int!] @cloudOnly }
        type Query { dearest: Product }
      `),
      resolvers: {
        Query: { dearest: () => ({ id: '2' }) },
        Product: {
          __resolveReference: ({ id }: { id: string }) => {
            calls.references.push(`prices:${id}`)
            return { id, cents: Number(id) * 100 }
          },
          price: (product: { cents?: number }) => product.cents ?? -1,
        },
      },
    },
    {
      name: 'links',
      typeDefs: parse(`
        type Product @key(fields: "id") { id: ID!  next: Link! }
        type Link { product: Product }
      `),
      resolvers: {
        Product: { __resolveReference: (reference: object) => reference, next: ({ id }: { id: string }) => ({ to: String(Number(id) + 1) }) },
        Link: { product: ({ to }: { to: string }) => ({ __typename: 'Product', id: to }) },
      },
    },
  ]
}

async function run(source: string): Promise<{ data: unknown; errors: string[]; references: string[] }> {
  const calls: Calls = { references: [] }
  const { schema } = buildNodeSchema(modules(calls))
  const { data, errors } = await graphql({ schema, source, contextValue: {} })
  return { data: structuredClone(data), errors: (errors ?? []).map((error) => `${error.path?.join('.')}: ${error.message}`), references: calls.references }
}

describe('one schema out of several subgraphs', () => {
  test('a parent from another module is completed by the owner, once for all its fields', async () => {
    expect(await run('{ product(id: "1") { name price again: price next { product { name price } } } }')).toEqual({
      data: { product: { name: 'Tea', price: 100, again: 100, next: { product: { name: 'Milk', price: 200 } } } },
      errors: [],
      references: ['prices:1', 'shop:2', 'prices:2'],
    })
  })

  test('a parent that the module made itself is not resolved again', async () => {
    expect(await run('{ products { id name } dearest { id price name } }')).toEqual({
      data: { products: [{ id: '1', name: 'Tea' }, { id: '2', name: 'Milk' }], dearest: { id: '2', price: -1, name: 'Milk' } },
      errors: [],
      references: ['shop:2'],
    })
  })

  test('an unknown reference leaves its key, and null propagates from what its owner must have', async () => {
    const { data, errors } = await run('{ a: product(id: "2") { next { product { id } } } b: product(id: "2") { next { product { id name } } } }')
    expect(data).toEqual({ a: { next: { product: { id: '3' } } }, b: { next: { product: null } } })
    expect(errors).toEqual(['b.next.product.name: Cannot return null for non-nullable field Product.name.'])
  })

  test('that of the four is valid as a whole, which no start looks at again', async () => {
    const four = await Promise.all(subgraphs.map(async ({ name }) => ({ name, typeDefs: await readSubgraph(name), resolvers: {} })))
    expect(validateSchema(buildASTSchema(mergeDefinitions(four).document))).toEqual([])
  })

  test('what only the cloud answers is refused with its code', async () => {
    const { schema, cloudOnly } = buildNodeSchema(modules({ references: [] }))
    const { data, errors } = await graphql({ schema, source: '{ product(id: "1") { id history } }', contextValue: {} })
    expect(data).toMatchObject({ product: { id: '1', history: null } })
    expect(errors?.[0]?.extensions.code).toBe('CLOUD_ONLY')
    expect([...cloudOnly]).toEqual(['Product.history'])
  })

  test('definitions that contradict each other are refused by name', () => {
    const [shop] = modules({ references: [] })
    const other: SchemaModule = { name: 'other', typeDefs: parse('type Product @key(fields: "id") { id: ID!  name: Int }'), resolvers: {} }
    expect(() => buildNodeSchema([shop as SchemaModule, other])).toThrow('other defines Product.name differently')
  })

  test('a resolver without a field is refused by name', () => {
    const lost: SchemaModule = { name: 'lost', typeDefs: parse('type Query { a: Int }'), resolvers: { Query: { b: () => 1 } } }
    expect(() => buildNodeSchema([lost])).toThrow('lost has a resolver for Query.b')
  })
})
