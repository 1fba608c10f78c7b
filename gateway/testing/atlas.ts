import type { PlainResolvers } from './monolith.ts'
import type { SubgraphDefinition } from './subgraph.ts'

/**
 * An atlas, once as one schema and once as three subgraphs over the same resolvers, with what market and depot have not: keys of several fields, nested
 * and with lists, keys that may be null, keys only to be passed on, required fields below lists, interfaces and further keys, fields provided
 * through lists and unions, shared fields of which one subgraph promises more, and mutations whose order shows.
 */
export const atlasSdl = `
  type Query { place(code: String!): Place  places: [Place]  spots: [Spot!]  tour: Tour  tours: [[Tour]]  people(n: Int): [Person]  spot(code: String!): Spot }
  type Mutation { rename(code: String!, label: String!): Change  visit(code: String!): Change!  close(code: String!): Change  measure(code: String!, size: Int!): Place }
  interface Named { label: String }
  interface Spot implements Named { label: String  area: Area }
  type Area { zone: Int!  land: Land }
  type Land { iso: String!  name: String  people: Int }
  type Place implements Spot & Named { code: String!  label: String  area: Area  size: Int  parts(min: Int): [Part!]  guide: Person  host: Named  visits: Int!  closed: Boolean  density: Float  welcome(loud: Boolean): String  next: Place  bundle: Bundle }
  type Part { id: ID!  weight: Int  label: String }
  type Pier implements Spot & Named { label: String  area: Area  depth: Int }
  type Person implements Named { email: String  label: String  age: Int  fond: Seen }
  union Seen = Place | Person | Pier
  type Bundle { parts: [Part!]!  title: String  cost: Int  heaviest: Int }
  type Tour { name: String!  stops: [Place]  seen: [Seen]  leader: Person  note: String }
  type Change { n: Int!  place: Place  by: Person }`

type Given = Readonly<Record<string, unknown>>

/** What mutations change; set back before each operation. */
class State {
  #changes = 0
  readonly labels = new Map<string, string>()
  readonly visits = new Map<string, number>()
  readonly sizes = new Map<string, number>()
  readonly closed = new Set<string>()

  reset(): void {
    this.#changes = 0
    for (const part of [this.labels, this.visits, this.sizes, this.closed]) part.clear()
  }

  change(code: string, make: () => void): { n: number; place: object; by: object } {
    make()
    return { n: ++this.#changes, place: placeOf(code), by: personOf(code) }
  }
}

export const atlasState = new State()

const digit = (code: unknown): number => Number(String(code).at(-1)) || 0
const next = (code: unknown, step = 1): string => String((digit(code) + step) % 5)
const zoneOf = (code: string): number => digit(code) % 3
const placeOf = (code: string): { __typename: string; code: string; area: { zone: number } } => ({ __typename: 'Place', code: String(digit(code)), area: { zone: zoneOf(code) } })
const emailOf = (code: string): string | null => (digit(code) === 2 ? null : `p${digit(code)}@atlas`)
const personOf = (code: string): { __typename: string; email: string | null } => ({ __typename: 'Person', email: emailOf(code) })
const pierOf = (code: string): { __typename: string; label: string; area: { zone: number }; depth: number } => ({ __typename: 'Pier', label: `pier ${digit(code)}`, area: { zone: zoneOf(code) }, depth: digit(code) * 3 })
const partsOf = (code: string): { id: string }[] => Array.from({ length: digit(code) % 3 }, (_, index) => ({ id: `${digit(code)}${index}` }))
const weightOf = (id: string): number | null => (id === '41' ? null : digit(id) + Number(id.at(0)) + 1)
const sizeOf = (code: string): number | null => atlasState.sizes.get(code) ?? (digit(code) === 3 ? null : digit(code) * 10)
const labelOf = (code: string): string | null => atlasState.labels.get(code) ?? (digit(code) === 4 ? null : `place ${digit(code)}`)
const ageOf = (email: unknown): number => digit(String(email).split('@')[0]) + 20
const nickOf = (email: unknown): string => `nick of ${String(email)}`
const weighed = (parts: unknown): number | null => {
  const weights = Array.isArray(parts) ? parts.map((part: { weight: number | null }) => part.weight) : null
  return weights?.reduce<number | null>((sum, weight) => (sum === null || weight === null ? null : sum + weight), 0) ?? null
}
const densityOf = (size: unknown, parts: unknown): number | null => {
  const weight = weighed(parts)
  return typeof size === 'number' && weight !== null ? size + weight / 2 : null
}
const welcomeOf = (host: { label?: string | null } | null | undefined, loud = false): string => `welcome by ${host?.label ?? 'nobody'}${loud ? '!' : ''}`
/** A person or a place welcomes; now and then nobody. */
const hostOf = (code: string): ReturnType<typeof personOf> | ReturnType<typeof placeOf> | null => [personOf(next(code)), placeOf(next(code)), null][digit(code) % 3] ?? null
const hostLabel = (code: string): { label: string | null } | null => {
  const host = hostOf(code)
  return host === null ? null : { label: 'code' in host ? labelOf(host.code) : atlasPerson.label(host) }
}

const atlasPerson = { label: ({ email }: { email: string | null }) => (email === null ? null : nickOf(email)) }
const codeOf = ({ code }: Given): string => String(code)

const land = {
  Query: {
    place: (_: unknown, { code }: { code: string }) => (digit(code) > 4 ? null : placeOf(code)),
    places: () => [placeOf('0'), null, placeOf('2'), placeOf('4')],
    spots: () => [placeOf('1'), pierOf('2'), placeOf('3')],
  },
  Mutation: {
    rename: (_: unknown, { code, label }: { code: string; label: string }) => atlasState.change(code, () => atlasState.labels.set(String(digit(code)), label)),
    measure: (_: unknown, { code, size }: { code: string; size: number }) => {
      atlasState.change(code, () => atlasState.sizes.set(String(digit(code)), size))
      return placeOf(code)
    },
  },
  Area: { land: ({ zone }: { zone: number }) => (zone === 2 ? null : { iso: `Z${zone}` }) },
  Land: { name: ({ iso }: Given) => `land ${String(iso)}` },
  Place: {
    label: (self: Given) => labelOf(codeOf(self)),
    size: (self: Given) => sizeOf(codeOf(self)),
    parts: (self: Given, { min = 0 }: { min?: number }) => partsOf(codeOf(self)).filter(({ id }) => digit(id) >= min),
    guide: (self: Given) => personOf(codeOf(self)),
    host: (self: Given) => hostOf(codeOf(self)),
    bundle: (self: Given) => ({ parts: partsOf(codeOf(self)) }),
  },
  Part: { weight: ({ id }: { id: string }) => weightOf(id), label: ({ id }: { id: string }) => `part ${id}` },
}

const people = {
  Query: {
    people: (_: unknown, { n = 3 }: { n?: number }) => Array.from({ length: n }, (_unused, index) => (index === 3 ? null : personOf(String(index)))),
    spot: (_: unknown, { code }: { code: string }) => (digit(code) % 2 === 0 ? placeOf(code) : pierOf(code)),
  },
  Person: {
    ...atlasPerson,
    age: ({ email }: Given) => (email === null ? null : ageOf(email)),
    fond: ({ email }: { email: string | null }) => (email === null ? null : [placeOf(email.slice(1)), personOf(next(email.slice(1, 2))), pierOf('3')][ageOf(email) % 3]),
  },
  Land: { people: ({ iso }: Given) => digit(iso) * 1000 },
}

const trips = {
  Query: { tour: () => ({ name: 'first', at: '1' }), tours: () => [[{ name: 'second', at: '0' }, null], [], [{ name: 'third', at: '3' }]] },
  Mutation: {
    visit: (_: unknown, { code }: { code: string }) => atlasState.change(code, () => atlasState.visits.set(String(digit(code)), (atlasState.visits.get(String(digit(code))) ?? 0) + 1)),
    close: (_: unknown, { code }: { code: string }) => {
      if (atlasState.closed.has(String(digit(code)))) throw new Error(`place ${code} is closed already`)
      return atlasState.change(code, () => atlasState.closed.add(String(digit(code))))
    },
  },
  Tour: {
    stops: ({ at }: { at: string }) => [placeOf(at), null, placeOf(next(at))],
    seen: ({ at }: { at: string }) => [placeOf(next(at, 2)), personOf(at), null, pierOf(at)],
    leader: ({ at }: { at: string }) => personOf(next(at)),
    note: ({ at }: { at: string }) => (digit(at) === 3 ? null : `note ${at}`),
  },
  Place: {
    visits: (self: Given) => atlasState.visits.get(codeOf(self)) ?? 0,
    closed: (self: Given) => atlasState.closed.has(codeOf(self)),
    next: (self: Given) => (digit(self.code) === 1 ? null : placeOf(next(self.code))),
  },
  Bundle: {
    title: ({ parts }: { parts: readonly { id: string }[] }) => `bundle of ${parts.map(({ id }) => id).join('+')}`,
    cost: ({ parts }: { parts: readonly { id: string }[] }) => parts.length * 5,
  },
}

export const atlasResolvers: PlainResolvers = {
  Query: { ...land.Query, ...people.Query, ...trips.Query },
  Mutation: { ...land.Mutation, ...trips.Mutation },
  Area: land.Area,
  Land: { ...land.Land, ...people.Land },
  Place: {
    ...land.Place,
    ...trips.Place,
    density: (self: Given) => densityOf(sizeOf(codeOf(self)), partsOf(codeOf(self)).map(({ id }) => ({ weight: weightOf(id) }))),
    welcome: (self: Given, { loud }: { loud?: boolean }) => welcomeOf(hostLabel(codeOf(self)), loud),
  },
  Part: land.Part,
  Person: people.Person,
  Bundle: { ...trips.Bundle, heaviest: ({ parts }: { parts: readonly { id: string }[] }) => weighed(parts.map(({ id }) => ({ weight: weightOf(id) }))) },
  Tour: trips.Tour,
}

const resolves = (type: string): { __resolveReference: (given: object) => object } => ({ __resolveReference: (given) => ({ ...given, __typename: type }) })

export const atlasSubgraphs = {
  land: {
    sdl: `type Query { place(code: String!): Place  places: [Place]  spots: [Spot!] }
      type Mutation { rename(code: String!, label: String!): Change  measure(code: String!, size: Int!): Place }  type Change @shareable { n: Int!  place: Place  by: Person }
      interface Named { label: String }  interface Spot implements Named { label: String  area: Area }
      type Area @key(fields: "zone") { zone: Int!  land: Land }  type Land @key(fields: "iso") { iso: String!  name: String }
      type Place implements Spot & Named @key(fields: "code area { zone }") { code: String!  area: Area @shareable  label: String @shareable  size: Int  parts(min: Int): [Part!]  guide: Person  host: Named  bundle: Bundle }
      type Part @key(fields: "id") { id: ID!  weight: Int  label: String }
      type Bundle @key(fields: "parts { id }") { parts: [Part!]! }
      type Pier implements Spot & Named @shareable { label: String  area: Area  depth: Int }
      type Person implements Named @key(fields: "email", resolvable: false) { email: String  label: String @external }`,
    resolvers: {
      ...land,
      Place: { ...land.Place, ...resolves('Place') },
      Part: { ...land.Part, ...resolves('Part') },
      Bundle: resolves('Bundle'),
      Area: { ...land.Area, ...resolves('Area') },
      Land: { ...land.Land, ...resolves('Land') },
    },
  },
  people: {
    sdl: `type Query { people(n: Int): [Person]  spot(code: String!): Spot }  interface Named { label: String }  interface Spot implements Named { label: String  area: Area }
      type Person implements Named @key(fields: "email") { email: String  label: String  age: Int  fond: Seen }  union Seen = Place | Person | Pier
      type Place implements Spot & Named @key(fields: "code area { zone }") { code: String!  area: Area @shareable  label: String @shareable }
      type Area @key(fields: "zone", resolvable: false) { zone: Int! }  type Land @key(fields: "iso") { iso: String!  people: Int }
      type Pier implements Spot & Named @shareable { label: String!  area: Area  depth: Int! }`,
    resolvers: { ...people, Person: { ...people.Person, ...resolves('Person') }, Place: { label: land.Place.label, ...resolves('Place') }, Land: { ...people.Land, ...resolves('Land') } },
  },
  trips: {
    sdl: `type Query { tour: Tour  tours: [[Tour]] }  type Mutation { visit(code: String!): Change!  close(code: String!): Change }  type Change @shareable { n: Int!  place: Place  by: Person }
      type Tour { name: String!  stops: [Place] @provides(fields: "label")  seen: [Seen] @provides(fields: "... on Place { label }")  leader: Person  note: String }
      union Seen = Place | Person | Pier  interface Named { label: String }  interface Spot implements Named { label: String  area: Area }
      type Area @key(fields: "zone", resolvable: false) { zone: Int! }  type Pier implements Spot & Named @shareable { label: String  area: Area  depth: Int }
      type Person implements Named @key(fields: "email", resolvable: false) { email: String  label: String @external }
      type Part @key(fields: "id", resolvable: false) { id: ID!  weight: Int @external }
      type Place implements Spot & Named @key(fields: "code area { zone }") { code: String!  area: Area @shareable  label: String @external  size: Int @external  parts(min: Int): [Part!] @external  host: Named @external
        visits: Int!  closed: Boolean  next: Place  density: Float @requires(fields: "size parts(min: 0) { weight }")  welcome(loud: Boolean): String @requires(fields: "host { label }") }
      type Bundle @key(fields: "parts { id }") { parts: [Part!]!  title: String  cost: Int  heaviest: Int @requires(fields: "parts { weight }") }`,
    resolvers: {
      ...trips,
      Place: {
        ...trips.Place,
        label: (self: Given) => labelOf(codeOf(self)),
        density: ({ size, parts }: Given) => densityOf(size, parts),
        welcome: ({ host }: { host?: { label?: string | null } | null }, { loud }: { loud?: boolean }) => welcomeOf(host, loud),
        ...resolves('Place'),
      },
      Bundle: { ...trips.Bundle, heaviest: ({ parts }: Given) => weighed(parts), ...resolves('Bundle') },
    },
  },
} satisfies Record<string, SubgraphDefinition>
