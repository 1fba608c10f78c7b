import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startIssuer, testAudience, type TestIssuer } from '../../runtime/identity/testing/issuer.ts'
import { startFederation, type Answer, type Federation } from '../testing/federation.ts'
import { loadSupergraph } from '../supergraph/supergraph.ts'
import type { SubgraphDefinition } from '../testing/subgraph.ts'

type Ref = { id: string }

/** Everything protected somehow: fields, types, enums and scalars, by token, scopes and policies, over two subgraphs. */
const shop: SubgraphDefinition = {
  sdl: `type Query { product: Product  products: [Product!]!  items: [Item!]!  nodes: [Node!]!  named: [Named!]!  me: User  secrets: Vault  level: Level  code: Code  open: Int }
    type Mutation { sell: Int @policy(policies: [["staff"], ["admin"]])  note: Int }
    interface Node { id: ID! }
    interface Named { name: String }
    union Item = Product | User
    type Product implements Node & Named @key(fields: "id") { id: ID!  name: String  cost: Int @requiresScopes(scopes: [["a", "b"], ["c"]])  margin: Int! @policy(policies: [["analyst"]])  weight: Int @authenticated  shared: Int @shareable @requiresScopes(scopes: [["a"]]) }
    type User implements Node & Named @authenticated { id: ID!  name: String }
    type Vault @requiresScopes(scopes: [["d"]]) { gold: Int }
    enum Level @authenticated { HIGH }
    scalar Code @policy(policies: [["staff", "admin"]])`,
  resolvers: {
    Query: {
      product: () => ({ id: '1' }), products: () => [{ id: '1' }, { id: '2' }], me: () => ({ id: '7' }), secrets: () => ({ gold: 1 }), level: () => 'HIGH', code: () => 'x', open: () => 1,
      items: () => [{ __typename: 'Product', id: '1' }, { __typename: 'User', id: '7' }],
      nodes: () => [{ __typename: 'Product', id: '1' }],
      named: () => [{ __typename: 'Product', id: '1' }, { __typename: 'User', id: '7' }],
    },
    Mutation: { sell: () => 1, note: () => 2 },
    Product: { __resolveReference: (given: object) => given, name: ({ id }: Ref) => `p${id}`, cost: () => 5, margin: () => 6, weight: () => 7, shared: () => 8 },
    User: { name: ({ id }: Ref) => `u${id}` },
  },
}
const shipping: SubgraphDefinition = {
  sdl: `type Product @key(fields: "id") { id: ID!  weight: Int @external  postage: Int @requires(fields: "weight") @authenticated  parcel: String  shared: Int @shareable @requiresScopes(scopes: [["d"]]) }`,
  resolvers: { Product: { __resolveReference: (given: object) => given, postage: ({ weight }: { weight?: number }) => (weight ?? 0) * 2, parcel: () => 'box', shared: () => 8 } },
}

const clients = { plain: {}, staff: { roles: ['staff'] }, boss: { roles: ['staff', 'admin'] }, analyst: { roles: ['analyst'] } }

describe('what a caller may see', () => {
  let issuer: TestIssuer
  let graph: Federation<'shop' | 'shipping'>
  beforeAll(async () => {
    issuer = await startIssuer(clients)
    graph = await startFederation({ shop, shipping }, { oidcIssuer: issuer.url, oidcAudience: testAudience })
  })
  afterAll(async () => {
    await graph[Symbol.asyncDispose]()
    await issuer[Symbol.asyncDispose]()
  })

  const as = async (client: keyof typeof clients | null, query: string, scope = ''): Promise<Answer> =>
    graph.ask(query, undefined, client === null ? {} : { authorization: `Bearer ${await issuer.signIn(client, scope)}` })
  const paths = ({ errors }: Answer): unknown[] => errors.map(({ path, extensions: { code } }) => (code === 'UNAUTHORIZED_FIELD_OR_TYPE' ? path : code))
  const asked = (): number => graph.subgraphs.shop.received.length + graph.subgraphs.shipping.received.length

  test('a denied field is null with its code and path, and the rest stays', async () => {
    const answer = await as(null, '{ product { id name weight } open }')
    expect(answer.status).toBe(200)
    expect(answer.data).toEqual({ product: { id: '1', name: 'p1', weight: null }, open: 1 })
    expect(answer.errors).toEqual([{ message: 'Unauthorized field or type', path: ['product', 'weight'], extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } }])
    expect((await as('plain', '{ product { weight } }')).data).toEqual({ product: { weight: 7 } })
  })

  test('scopes are alternatives of sets, policies are granted by roles', async () => {
    const cost = '{ product { cost } }'
    for (const [scope, seen] of [['', null], ['a', null], ['a b', 5], ['c', 5], ['b d', null]] as const) expect((await as('plain', cost, scope)).data).toEqual({ product: { cost: seen } })
    expect((await as('staff', '{ code }')).data).toEqual({ code: null })
    expect((await as('boss', '{ code }')).data).toEqual({ code: 'x' })
    expect((await as('analyst', '{ product { margin } }')).data).toEqual({ product: { margin: 6 } })
  })

  test('what several subgraphs ask for is asked for together', async () => {
    for (const [scope, seen] of [['a', null], ['d', null], ['a d', 8]] as const) expect((await as('plain', '{ product { shared } }', scope)).data).toEqual({ product: { shared: seen } })
  })

  test('a null that may not be goes up as usual', async () => {
    const answer = await as('staff', '{ product { margin } products { id margin } open }')
    expect(answer.data).toBeNull()
    expect(paths(answer)).toEqual(expect.arrayContaining([['product', 'margin'], ['products', 0, 'margin']]))
    expect((await as('staff', '{ product { id margin } open }')).data).toEqual({ product: null, open: 1 })
  })

  test('types, enums and scalars protect every field of theirs', async () => {
    const answer = await as(null, '{ me { id } secrets { gold } level code open }')
    expect(answer.data).toEqual({ me: null, secrets: null, level: null, code: null, open: 1 })
    expect(paths(answer)).toEqual([['me'], ['secrets'], ['level'], ['code']])
    expect((await as('boss', '{ me { id } secrets { gold } level code }', 'd')).data).toEqual({ me: { id: '7' }, secrets: { gold: 1 }, level: 'HIGH', code: 'x' })
  })

  test('nothing slips through unions, interfaces, fragments or aliases', async () => {
    const union = await as(null, '{ items { __typename ... on Product { name } ... on User { who: name } } }')
    expect(union.data).toEqual({ items: [{ __typename: 'Product', name: 'p1' }, { __typename: 'User', who: null }] })
    expect(paths(union)).toEqual([['items', 1, 'who']])
    const fragments = await as(null, 'query { product { ...A ... { heavy: weight } ... on Product { id } } } fragment A on Product { ...B } fragment B on Product { load: weight cost }')
    expect(fragments.data).toEqual({ product: { load: null, cost: null, heavy: null, id: '1' } })
    expect(paths(fragments)).toHaveLength(3)
    // Composition has given the interfaces what their objects ask for.
    for (const query of ['{ named { name } }', '{ nodes { id } }', '{ nodes { ... on Product { weight } } }', '{ named { ... on User { name } } }', 'query { nodes { ...N } } fragment N on Node { id }']) {
      expect(JSON.stringify((await as(null, query)).data)).not.toMatch(/u7|"id"|:7/)
    }
    expect((await as('plain', '{ named { name } }')).data).toEqual({ named: [{ name: 'p1' }, { name: 'u7' }] })
  })

  test('a field that requires a protected one needs that right too', async () => {
    expect((await as(null, '{ product { postage parcel } }')).data).toEqual({ product: { postage: null, parcel: 'box' } })
    expect(graph.subgraphs.shipping.received.at(-1)?.query).not.toContain('postage')
    expect((await as('plain', '{ product { postage } }')).data).toEqual({ product: { postage: 14 } })
  })

  test('what is denied is not fetched, nor carried out', async () => {
    const before = asked()
    expect((await as(null, '{ secrets { gold } }')).data).toEqual({ secrets: null })
    expect((await as(null, 'mutation { sell }')).data).toEqual({ sell: null })
    expect(asked()).toBe(before)
    expect((await as(null, 'mutation { sell note }')).data).toEqual({ sell: null, note: 2 })
    expect(graph.subgraphs.shop.received.at(-1)?.query).not.toContain('sell')
    expect((await as('staff', 'mutation { sell note }')).data).toEqual({ sell: 1, note: 2 })
  })

  test('plans are shared by those who may see the same, and by no others', async () => {
    const query = '{ product { name weight cost } }'
    const answers = await Promise.all([null, 'plain', 'staff', null, 'boss'].map((client) => as(client as 'plain' | null, query)))
    expect(answers.map(({ data }) => data)).toEqual([null, 7, 7, null, 7].map((weight) => ({ product: { name: 'p1', weight, cost: null } })))
  })
})

describe('without the composition that spreads rules over interfaces', () => {
  test('each object is asked for what its own type shows', async () => {
    await using issuer = await startIssuer(clients)
    await using graph = await startFederation({ shop, shipping }, { oidcIssuer: issuer.url, oidcAudience: testAudience, supergraphPoll: 20 })
    const sdl = (await readFile(graph.supergraph, 'utf8')).replace(/(interface Named[^{]*?)@authenticated/, '$1').replace(/(interface Node[^{]*?)@authenticated/, '$1')
    await writeFile(graph.supergraph, sdl)
    const query = '{ named { name } nodes { id } }'
    let answer = await graph.ask(query)
    while (!JSON.stringify(answer.data).includes('p1')) answer = await graph.ask(query)
    expect(answer.data).toEqual({ named: [{ name: 'p1' }, { name: null }], nodes: [{ id: '1' }] })
    expect(answer.errors).toEqual([{ message: 'Unauthorized field or type', path: ['named', 1, 'name'], extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } }])
  })
})

describe('a supergraph that is protected otherwise', () => {
  test('directives may have other names, and unknown protection is refused', async () => {
    const supergraph = (link: string, mark: string): string => `schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) ${link} { query: Query }
      directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA  directive @join__graph(name: String!, url: String!) on ENUM_VALUE
      directive @join__type(graph: join__Graph!) repeatable on OBJECT  directive ${mark} on FIELD_DEFINITION
      scalar link__Import  enum link__Purpose { SECURITY EXECUTION }  enum join__Graph { A @join__graph(name: "a", url: "http://a") }
      type Query @join__type(graph: A) { open: Int  shut: Int ${mark} }`
    const ruleOf = async (sdl: string): Promise<number | undefined> => (await loadSupergraph(sdl)).access.ruleOf('Query', 'shut')
    expect(await ruleOf(supergraph('@link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)', '@authenticated'))).toBe(0)
    expect(await ruleOf(supergraph('@link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "login", for: SECURITY)', '@login'))).toBe(0)
    expect(await ruleOf(supergraph('@link(url: "https://specs.apollo.dev/authenticated/v0.1", import: [{ name: "@authenticated", as: "@token" }], for: SECURITY)', '@token'))).toBe(0)
    await expect(ruleOf(supergraph('@link(url: "https://example.com/locks/v0.1", for: SECURITY)', '@locked'))).rejects.toEqual(expect.objectContaining({ code: 'SUPERGRAPH_INVALID' }))
  })
})
