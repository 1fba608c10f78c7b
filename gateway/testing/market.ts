import { createHash } from 'node:crypto'
import type { SubgraphDefinition } from './subgraph.ts'
import type { PlainResolvers } from './monolith.ts'

/**
 * A small market, once as one schema and once as three subgraphs over the same resolvers. Its data follow from ids; some are null, also
 * where the schema forbids it, and some fail, so that the handling of errors is compared as well.
 */
const enums = 'enum Currency { EUR USD } enum Grade { GOOD BAD }'

export const marketSdl = `
  type Query { product(id: ID!): Product  products(first: Int): [Product]!  node(id: ID!): Node  items: [Item!]  me: User!  reviews: [Review]  stores: [Store!] }
  interface Node { id: ID! name: String }
  union Item = Product | User | Store
  ${enums}
  type Product implements Node { id: ID! name: String  title: String!  price(currency: Currency): Float  brand: Brand  dims: [Dim!]  related: [Product!]!  owner: User
    shipping(zip: String): Float  inStock: Boolean  stores: [Store!]!  reviews(first: Int): [Review!]!  score: Float!  grade: Grade }
  type Brand { title: String  country: String!  parent: Brand }
  type Dim { w: Int!  h: Int }
  type User implements Node { id: ID! name: String  level: Int!  stores: [Store]  reviews: [Review!]  favourite: Item }
  type Store implements Node { id: ID! name: String  city: String!  manager: User  best: Product }
  type Review { id: ID!  body: String  author: User  product: Product!  stars: [[Int]] }`

interface Ref {
  readonly __typename: string
  readonly id: string
}

/** A number from 0 up to but without `limit` that follows from the words. */
function pick(limit: number, ...words: unknown[]): number {
  return createHash('md5').update(words.join('|')).digest().readUInt32BE(0) % limit
}

const ref = (__typename: string, id: unknown): Ref => ({ __typename, id: String(id) })

/** A value, or now and then null or a failure, decided by the place it stands at. */
function shaky<T>(self: Ref, field: string, value: T): T | null {
  const chance = pick(100, self.__typename, self.id, field)
  if (chance < 2) throw new Error(`${self.__typename} ${self.id} has no ${field} today`)
  return chance < 7 ? null : value
}

const list = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index))
const anyRef = (type: string, ...words: unknown[]): Ref => ref(type, pick(5, type, ...words))
const itemTypes = ['Product', 'User', 'Store'] as const

const own = {
  Product: {
    name: (self: Ref) => shaky(self, 'name', `product ${self.id}`),
    title: (self: Ref) => (pick(30, 'title', self.id) === 0 ? null : `Title ${self.id}`),
    price: (self: Ref, { currency }: { currency?: string }) => shaky(self, `price${currency}`, Number(self.id) + (currency === 'USD' ? 0.5 : 0.25)),
    brand: (self: Ref) => shaky(self, 'brand', { id: self.id }),
    dims: (self: Ref) => shaky(self, 'dims', list(pick(3, 'dims', self.id), (index) => ({ w: index + 1, h: index === 1 ? null : index }))),
    related: (self: Ref) => list(pick(3, 'related', self.id), (index) => anyRef('Product', self.id, index)),
    owner: (self: Ref) => shaky(self, 'owner', anyRef('User', 'owner', self.id)),
    grade: (self: Ref) => shaky(self, 'grade', pick(2, self.id) === 0 ? 'GOOD' : 'BAD'),
  },
  Brand: {
    title: ({ id }: Ref) => `brand ${id}`,
    country: ({ id }: Ref) => (pick(4, 'country', id) === 0 ? null : 'PT'),
    parent: ({ id }: Ref) => (id.length > 2 ? null : { id: `${id}0` }),
  },
  User: { name: (self: Ref) => shaky(self, 'name', `user ${self.id}`), favourite: (self: Ref) => shaky(self, 'favourite', anyRef(itemTypes[pick(3, self.id)] ?? 'User', self.id)) },
  Store: { name: (self: Ref) => shaky(self, 'name', `store ${self.id}`) },
}

const stock = {
  Product: { inStock: (self: Ref) => shaky(self, 'inStock', pick(2, self.id) === 0), stores: (self: Ref) => list(pick(3, 'stores', self.id), (index) => anyRef('Store', self.id, index)) },
  Store: {
    city: (self: Ref) => (pick(12, 'city', self.id) === 0 ? null : `city ${self.id}`),
    manager: (self: Ref) => shaky(self, 'manager', anyRef('User', 'manager', self.id)),
    best: (self: Ref) => shaky(self, 'best', anyRef('Product', 'best', self.id)),
  },
  User: { level: (self: Ref) => (pick(12, 'level', self.id) === 0 ? null : Number(self.id)), stores: (self: Ref) => shaky(self, 'stores', list(2, (index) => shaky(self, `s${index}`, anyRef('Store', self.id, index)))) },
}

const opinion = {
  Product: {
    reviews: (self: Ref, { first = 2 }: { first?: number }) => list(Math.min(first, pick(4, 'reviews', self.id)), (index) => anyRef('Review', self.id, index)),
    score: (self: Ref) => (pick(15, 'score', self.id) === 0 ? null : Number(self.id) / 2),
  },
  User: { reviews: (self: Ref) => shaky(self, 'reviews', list(2, (index) => anyRef('Review', self.id, index))) },
  Review: {
    body: (self: Ref) => shaky(self, 'body', `review "${self.id}"`),
    author: (self: Ref) => shaky(self, 'author', anyRef('User', 'author', self.id)),
    product: (self: Ref) => anyRef('Product', 'of', self.id),
    stars: (self: Ref) => shaky(self, 'stars', [[1, null], null, []]),
  },
}

const roots = {
  product: (_: unknown, { id }: { id: string }) => (id === '4' ? null : ref('Product', id)),
  products: (_: unknown, { first = 3 }: { first?: number }) => list(Math.max(0, first), (index) => (index === 3 ? null : ref('Product', index))),
  node: (_: unknown, { id }: { id: string }) => ref(itemTypes[pick(3, 'node', id)] ?? 'User', id),
  items: () => list(5, (index) => ref(itemTypes[index % 3] ?? 'User', index)),
  me: () => ref('User', 1),
}
const allStores = (): Ref[] => list(3, (index) => ref('Store', index))
const allReviews = (): Ref[] => list(3, (index) => ref('Review', index))

/** What the reference of a required field resolves to in the subgraph that needs it: what the gateway sent. */
interface Priced extends Ref {
  readonly price?: number | null
  readonly dims?: readonly { w: number }[] | null
}

function shippingOf(price: number | null | undefined, dims: readonly { w: number }[] | null | undefined, zip = ''): number | null {
  return price === null || price === undefined || !dims ? null : price * 10 + dims.reduce((sum, { w }) => sum + w, 0) + zip.length
}

export const marketResolvers: PlainResolvers = {
  Query: { ...roots, stores: allStores, reviews: allReviews },
  Product: {
    ...own.Product,
    ...stock.Product,
    ...opinion.Product,
    shipping: (self: Ref, { zip }: { zip?: string }) => shippingOf(quietly(() => own.Product.price(self, { currency: 'EUR' })), quietly(() => own.Product.dims(self)), zip),
  },
  Brand: own.Brand,
  User: { ...own.User, ...stock.User, ...opinion.User },
  Store: { ...own.Store, ...stock.Store },
  Review: opinion.Review,
}

function quietly<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

const resolves = (type: string): { __resolveReference: (given: object) => object } => ({ __resolveReference: (given) => ({ ...given, __typename: type }) })

export const marketSubgraphs = {
  catalog: {
    sdl: `type Query { product(id: ID!): Product  products(first: Int): [Product]!  node(id: ID!): Node  items: [Item!]  me: User! }
      interface Node { id: ID! name: String }  union Item = Product | User | Store  ${enums}
      type Product implements Node @key(fields: "id") { id: ID! name: String  title: String!  price(currency: Currency): Float  brand: Brand  dims: [Dim!]  related: [Product!]!  owner: User  grade: Grade }
      type Brand { title: String  country: String!  parent: Brand }  type Dim { w: Int!  h: Int }
      type User implements Node @key(fields: "id") { id: ID! name: String  favourite: Item }  type Store implements Node @key(fields: "id") { id: ID! name: String }`,
    resolvers: { Query: roots, Product: { ...own.Product, ...resolves('Product') }, Brand: own.Brand, User: { ...own.User, ...resolves('User') }, Store: { ...own.Store, ...resolves('Store') } },
  },
  stock: {
    sdl: `type Query { stores: [Store!] }  enum Currency { EUR USD }  type Dim { w: Int! @external }
      type Product @key(fields: "id") { id: ID!  price(currency: Currency): Float @external  dims: [Dim!] @external  shipping(zip: String): Float @requires(fields: "price(currency: EUR) dims { w }")  inStock: Boolean  stores: [Store!]! }
      type Store @key(fields: "id") { id: ID!  city: String!  manager: User  best: Product }  type User @key(fields: "id") { id: ID!  level: Int!  stores: [Store] }`,
    resolvers: {
      Query: { stores: allStores },
      Product: { ...stock.Product, ...resolves('Product'), shipping: (self: Priced, { zip }: { zip?: string }) => shippingOf(self.price, self.dims, zip) },
      Store: { ...stock.Store, ...resolves('Store') },
      User: { ...stock.User, ...resolves('User') },
    },
  },
  opinion: {
    sdl: `type Query { reviews: [Review] }  type Product @key(fields: "id") { id: ID!  reviews(first: Int): [Review!]!  score: Float! }  type User @key(fields: "id") { id: ID!  reviews: [Review!] }
      type Review @key(fields: "id") { id: ID!  body: String  author: User  product: Product!  stars: [[Int]] }`,
    resolvers: {
      Query: { reviews: allReviews },
      Product: { ...opinion.Product, ...resolves('Product') },
      User: { ...opinion.User, ...resolves('User') },
      Review: { ...opinion.Review, ...resolves('Review') },
    },
  },
} satisfies Record<string, SubgraphDefinition>
