import { shippingEstimate, type Product, products, type Review, reviews, reviewsOfUser, users } from './data.ts'

type Resolver = (parent: Record<string, unknown>, given: Record<string, unknown>) => unknown

/** One subgraph: SDL that both generations of gateways read (`extend type` and `@external` as in Federation 1), and its resolvers. */
export interface MarketSubgraph {
  readonly sdl: string
  readonly resolvers: Readonly<Record<string, Readonly<Record<string, Resolver>>>>
}

const pick = (upc: unknown): Product | undefined => products.find((product) => product.upc === upc)
const toReview = ({ id, body, upc }: Review): object => ({ id, body, product: { upc } })

/** `visit` is read by nobody: it makes requests differ. */
export const marketSubgraphs: Readonly<Record<'users' | 'products' | 'reviews' | 'inventory', MarketSubgraph>> = {
  users: {
    sdl: `
      extend type Query { me: User user(id: ID!): User users: [User] }
      type User @key(fields: "id") { id: ID! name: String username: String birthday: Int }`,
    resolvers: {
      Query: { me: () => users[0], user: (_parent, { id }) => users.find((user) => user.id === id) ?? null, users: () => users },
      User: { __resolveReference: ({ id }) => users.find((user) => user.id === id) ?? null },
    },
  },
  products: {
    sdl: `
      extend type Query { topProducts(first: Int = 5, visit: ID): [Product] }
      type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }`,
    resolvers: {
      Query: { topProducts: (_parent, { first }) => products.slice(0, typeof first === 'number' ? first : undefined) },
      Product: { __resolveReference: ({ upc }) => pick(upc) ?? null },
    },
  },
  reviews: {
    sdl: `
      type Review @key(fields: "id") { id: ID! body: String author: User @provides(fields: "username") product: Product }
      extend type User @key(fields: "id") { id: ID! @external username: String @external reviews(visit: ID): [Review] }
      extend type Product @key(fields: "upc") { upc: String! @external reviews(visit: ID): [Review] }`,
    resolvers: {
      Review: {
        __resolveReference: ({ id }) => reviews.filter((review) => review.id === id).map((review) => toReview(review))[0] ?? null,
        author: () => ({ id: users[0]?.id, username: users[0]?.username }),
      },
      User: { reviews: () => reviewsOfUser.map((review) => toReview(review)) },
      Product: { reviews: ({ upc }) => reviews.filter((review) => review.upc === upc).map((review) => toReview(review)) },
    },
  },
  inventory: {
    sdl: `
      extend type Product @key(fields: "upc") {
        upc: String! @external
        weight: Int @external
        price: Int @external
        inStock: Boolean
        shippingEstimate: Int @requires(fields: "price weight")
      }`,
    resolvers: {
      Product: {
        inStock: ({ upc }) => pick(upc)?.inStock ?? null,
        shippingEstimate: ({ price, weight }) => shippingEstimate(price as number | null, weight as number | null),
      },
    },
  },
}

/** Every field of the market in one place, for the answer that all targets must give. */
export const wholeMarket: Readonly<Record<string, Readonly<Record<string, Resolver>>>> = {
  Query: { ...marketSubgraphs.users.resolvers.Query, ...marketSubgraphs.products.resolvers.Query },
  Product: {
    ...marketSubgraphs.reviews.resolvers.Product,
    name: ({ upc }) => pick(upc)?.name,
    price: ({ upc }) => pick(upc)?.price,
    weight: ({ upc }) => pick(upc)?.weight,
    inStock: ({ upc }) => pick(upc)?.inStock,
    shippingEstimate: ({ upc }) => shippingEstimate(pick(upc)?.price, pick(upc)?.weight),
  },
  Review: marketSubgraphs.reviews.resolvers.Review ?? {},
  User: { reviews: () => reviewsOfUser.map((review) => toReview(review)), name: ({ id }) => users.find((user) => user.id === id)?.name },
}
