import type { PlainResolvers } from './monolith.ts'
import type { SubgraphDefinition } from './subgraph.ts'

/**
 * A depot, once as one schema and once as four subgraphs over the same resolvers, with what the market has not: interface objects, unions of which each
 * subgraph knows other members, several keys of one type, a chain of required fields with arguments, fields provided, overridden and shared.
 */
export const depotSdl = `
  type Query { asset(id: ID!): Asset  assets: [Asset!]!  rated(min: Int): [Asset!]!  crate(id: ID!): Crate  crates: [Crate!]!  finds: [Find]  hits: [Find!]  front: Front  labelled: [Crate]  badge(code: String!): Badge }
  interface Asset { id: ID!  title: String  rating: Int  votes(min: Int): [Int!]!  summary: String  fan: Artist  in: Crate }
  type Film implements Asset { id: ID!  title: String  rating: Int  votes(min: Int): [Int!]!  summary: String  fan: Artist  in: Crate  minutes: Int  cast: [Artist!] }
  type Song implements Asset { id: ID!  title: String  rating: Int  votes(min: Int): [Int!]!  summary: String  fan: Artist  in: Crate  artist: Artist }
  type Artist { id: ID!  name: String  fans: Int!  likes: [Asset]  album: Album }
  type Album { title: String  year: Int }
  union Find = Crate | Artist | Badge
  type Badge { code: String!  text: String  owner: Artist }
  enum Unit { CM INCH }
  type Crate { id: ID!  sku: String!  name: String  weight: Int  volume(unit: Unit): Float  cost(rate: Int): Float  label(long: Boolean): String  stamp: String  holds: [Asset!]!  sibling: Crate  place: Place  first: Find  weightiest: Artist }
  type Place { row: Int!  bay: Bay }
  type Bay { n: Int  crate: Crate }
  type Front { headline: String  crate: Crate  stars: Int  top: Top }
  type Top { a: Int  b: Int  both: Int }`

interface Ref {
  readonly __typename: string
  readonly id: string
}
type Self = Readonly<Record<string, unknown>> & { readonly id: string }

const ref = (__typename: string, id: unknown): Ref => ({ __typename, id: String(id) })
const digit = (id: string): number => Number(id.at(-1)) || 0
const next = (id: string, step = 1): string => String((digit(id) + step) % 6)
const assetOf = (id: string): Ref => ref(digit(id) % 2 === 0 ? 'Film' : 'Song', digit(id))
const crateOf = (id: string): Self & Ref => ({ ...ref('Crate', digit(id)), sku: `sku-${digit(id)}` })
const badgeOf = (code: string): { __typename: string; code: string; id: string } => ({ __typename: 'Badge', code, id: code })
const titleOf = (id: string): string | null => (digit(id) === 3 ? null : `asset ${digit(id)}`)
const weightOf = (id: string): number | null => (digit(id) === 4 ? null : digit(id) * 10)
const volumeOf = (id: string, unit?: string): number => digit(id) + (unit === 'INCH' ? 0.5 : 0.25)
const summaryOf = (title: unknown): string => `about ${typeof title === 'string' ? title : 'nothing'}`
const costOf = (weight: unknown, volume: unknown, rate = 1): number | null => (typeof weight === 'number' && typeof volume === 'number' ? (weight + volume) * rate : null)
const labelOf = (name: unknown, cost: unknown, long = false): string => `${String(name)}/${String(cost)}${long ? '/long' : ''}`

const core = {
  Query: {
    asset: (_: unknown, { id }: { id: string }) => (digit(id) > 5 ? null : assetOf(id)),
    assets: () => ['0', '1', '2', '3'].map(assetOf),
    crate: (_: unknown, { id }: { id: string }) => (digit(id) > 5 ? null : crateOf(id)),
    finds: () => [crateOf('1'), ref('Artist', 2), null, crateOf('4')],
    front: () => ({ top: {} }),
  },
  Front: { headline: () => 'news', crate: () => crateOf('2'), top: () => ({}) },
  Top: { a: () => 1, both: () => 3 },
  Asset: { title: ({ id }: Self) => titleOf(id) },
  Film: { minutes: ({ id }: Self) => digit(id) + 90, cast: ({ id }: Self) => (digit(id) === 2 ? null : [ref('Artist', next(id))]) },
  Song: { artist: ({ id }: Self) => ref('Artist', next(id, 2)) },
  Crate: {
    sku: ({ id }: Self) => `sku-${digit(id)}`,
    weight: ({ id }: Self) => weightOf(id),
    volume: ({ id }: Self, { unit }: { unit?: string }) => volumeOf(id, unit),
    place: ({ id }: Self) => (digit(id) === 5 ? null : { id }),
  },
  Place: { row: ({ id }: Self) => digit(id), bay: ({ id }: Self) => ({ id }) },
  Bay: { n: ({ id }: Self) => digit(id) * 2, crate: ({ id }: Self) => crateOf(next(id)) },
  Artist: { name: ({ id }: Self) => `artist ${digit(id)}`, album: ({ id }: Self) => ({ id, title: `album ${digit(id)}`, year: 1970 }) },
}

const ratings = {
  Query: {
    rated: (_: unknown, { min = 0 }: { min?: number }) => ['1', '2', '5'].filter((id) => digit(id) >= min).map(assetOf),
    hits: () => [badgeOf('b1'), crateOf('3')],
    front: () => ({ top: {} }),
    badge: (_: unknown, { code }: { code: string }) => badgeOf(code),
  },
  Front: { stars: () => 5, top: () => ({}) },
  Top: { b: () => 2, both: () => 3 },
  Asset: { rating: ({ id }: Self) => (digit(id) === 1 ? null : digit(id)), votes: ({ id }: Self, { min = 0 }: { min?: number }) => [1, 2, 3].filter((vote) => vote + digit(id) > min), fan: ({ id }: Self) => ref('Artist', next(id, 3)) },
  Badge: { text: ({ code }: { code: string }) => `badge ${code}`, owner: ({ code }: { code: string }) => ref('Artist', digit(code)) },
  Artist: { fans: ({ id }: Self) => digit(id) * 100, likes: ({ id }: Self) => [assetOf(next(id)), null, assetOf(next(id, 2))] },
}

const idOf = (sku: unknown): string => String(digit(String(sku)))
const logistics = {
  Query: { crates: () => ['0', '3', '4'].map(crateOf) },
  Crate: {
    holds: ({ sku }: Self) => [assetOf(idOf(sku)), assetOf(next(idOf(sku)))],
    sibling: ({ sku }: Self) => (digit(idOf(sku)) === 2 ? null : crateOf(next(idOf(sku)))),
    weightiest: ({ sku }: Self) => ref('Artist', next(idOf(sku), 4)),
  },
}

const papers = {
  Query: { labelled: () => [crateOf('5'), null, crateOf('2')] },
  Crate: { name: ({ id }: Self) => `crate ${digit(id)}`, first: ({ id }: Self) => (digit(id) % 2 === 0 ? crateOf(next(id)) : badgeOf(`c${digit(id)}`)) },
  Asset: { in: ({ id }: Self) => crateOf(next(id)) },
}

const whole = (self: Self): { name: string; cost: (rate?: number) => number | null } => ({ name: `crate ${digit(self.id)}`, cost: (rate) => costOf(weightOf(self.id), volumeOf(self.id, 'CM'), rate) })
const assets = { ...core.Asset, ...ratings.Asset, ...papers.Asset, summary: ({ id }: Self) => summaryOf(titleOf(id)) }

export const depotResolvers: PlainResolvers = {
  Query: { ...core.Query, ...ratings.Query, ...logistics.Query, ...papers.Query },
  Film: { ...assets, ...core.Film },
  Song: { ...assets, ...core.Song },
  Artist: { ...core.Artist, ...ratings.Artist },
  Badge: ratings.Badge,
  Front: { ...core.Front, ...ratings.Front },
  Top: { ...core.Top, ...ratings.Top },
  Place: core.Place,
  Bay: core.Bay,
  Crate: {
    ...core.Crate,
    ...logistics.Crate,
    ...papers.Crate,
    cost: (self: Self, { rate }: { rate?: number }) => whole(self).cost(rate),
    label: (self: Self, { long }: { long?: boolean }) => labelOf(whole(self).name, whole(self).cost(2), long),
    stamp: (self: Self) => `stamp ${labelOf(whole(self).name, whole(self).cost(2), true)}`,
  },
}

const resolves = (type: string): { __resolveReference: (given: object) => object } => ({ __resolveReference: (given) => ({ ...given, __typename: type }) })
const realAsset = { __resolveReference: ({ id }: Self) => assetOf(id) }
/** An interface object calls itself by the interface, whatever it is. */
const asInterface = ({ id }: Ref): Ref => ref('Asset', id)

export const depotSubgraphs = {
  core: {
    sdl: `type Query { asset(id: ID!): Asset  assets: [Asset!]!  crate(id: ID!): Crate  finds: [Find]  front: Front @shareable }
      interface Asset @key(fields: "id") { id: ID!  title: String }
      type Film implements Asset @key(fields: "id") { id: ID!  title: String  minutes: Int  cast: [Artist!] }
      type Song implements Asset @key(fields: "id") { id: ID!  title: String  artist: Artist }
      type Artist @key(fields: "id") { id: ID!  name: String @shareable  album: Album @shareable }  type Album { title: String @shareable  year: Int @shareable }
      union Find = Crate | Artist  enum Unit { CM INCH }
      type Crate @key(fields: "id") @key(fields: "sku") { id: ID!  sku: String!  name: String  weight: Int  volume(unit: Unit): Float  place: Place }
      type Place { row: Int!  bay: Bay }  type Bay { n: Int  crate: Crate }
      type Front { headline: String  crate: Crate  top: Top @shareable }  type Top { a: Int  both: Int @shareable }`,
    resolvers: {
      ...core,
      Asset: realAsset,
      Film: { ...core.Asset, ...core.Film, ...resolves('Film') },
      Song: { ...core.Asset, ...core.Song, ...resolves('Song') },
      Artist: { ...core.Artist, ...resolves('Artist') },
      Crate: { ...core.Crate, name: () => 'never', __resolveReference: (given: { id?: string; sku?: string }) => crateOf(given.id ?? idOf(given.sku)) },
    },
  },
  ratings: {
    sdl: `type Query { rated(min: Int): [Asset!]!  hits: [Find!]  front: Front @shareable  badge(code: String!): Badge }
      type Asset @key(fields: "id") @interfaceObject { id: ID!  rating: Int  votes(min: Int): [Int!]!  title: String @external  summary: String @requires(fields: "title")  fan: Artist }
      union Find = Badge | Crate  type Crate @key(fields: "id") { id: ID! }
      type Badge @key(fields: "code") { code: String!  text: String  owner: Artist }
      type Artist @key(fields: "id") { id: ID!  fans: Int!  likes: [Asset] }
      type Front { stars: Int  top: Top @shareable }  type Top { b: Int  both: Int @shareable }`,
    resolvers: {
      ...ratings,
      Query: { ...ratings.Query, rated: (_: unknown, given: { min?: number }) => ratings.Query.rated(_, given).map(asInterface) },
      Asset: { ...ratings.Asset, ...resolves('Asset'), summary: ({ title }: { title: unknown }) => summaryOf(title) },
      Badge: { ...ratings.Badge, ...resolves('Badge') },
      Artist: { ...ratings.Artist, likes: (self: Self) => ratings.Artist.likes(self).map((each) => each && asInterface(each)), ...resolves('Artist') },
      Crate: resolves('Crate'),
    },
  },
  logistics: {
    sdl: `type Query { crates: [Crate!]! }  enum Unit { CM INCH }
      type Crate @key(fields: "sku") { sku: String!  weight: Int @external  volume(unit: Unit): Float @external  cost(rate: Int): Float @requires(fields: "weight volume(unit: CM)")
        holds: [Asset!]!  sibling: Crate  weightiest: Artist @provides(fields: "name album { title }") }
      type Asset @key(fields: "id") @interfaceObject { id: ID! }
      type Artist @key(fields: "id") { id: ID!  name: String @external  album: Album @external }  type Album { title: String @external }`,
    resolvers: {
      ...logistics,
      Crate: {
        ...logistics.Crate,
        holds: (self: Self) => logistics.Crate.holds(self).map(asInterface),
        weightiest: (self: Self) => {
          const { id } = logistics.Crate.weightiest(self)
          return { id, name: core.Artist.name({ id }), album: core.Artist.album({ id }) }
        },
        cost: ({ weight, volume }: Self, { rate }: { rate?: number }) => costOf(weight, volume, rate),
        ...resolves('Crate'),
      },
      Asset: resolves('Asset'),
      Artist: resolves('Artist'),
    },
  },
  papers: {
    sdl: `type Query { labelled: [Crate] }  union Find = Crate | Badge  type Badge @key(fields: "code") { code: String! }
      type Crate @key(fields: "id") { id: ID!  name: String @override(from: "core")  cost(rate: Int): Float @external  label(long: Boolean): String @requires(fields: "cost(rate: 2)")  stamp: String @requires(fields: "cost(rate: 2)")  first: Find }
      type Asset @key(fields: "id") @interfaceObject { id: ID!  in: Crate }`,
    resolvers: {
      ...papers,
      Crate: {
        ...papers.Crate,
        label: ({ id, cost }: Self, { long }: { long?: boolean }) => labelOf(papers.Crate.name({ id }), cost, long),
        stamp: ({ id, cost }: Self) => `stamp ${labelOf(papers.Crate.name({ id }), cost, true)}`,
        ...resolves('Crate'),
      },
      Asset: { ...papers.Asset, ...resolves('Asset') },
      Badge: resolves('Badge'),
    },
  },
} satisfies Record<string, SubgraphDefinition>
