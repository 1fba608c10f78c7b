import {
  getNullableType, isEnumType, isInputObjectType, isListType, isNonNullType,
  type GraphQLArgument, type GraphQLInputField, type GraphQLInputType,
} from 'graphql'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'

/** JSON, as variables have it. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }

/** Where an argument stands, by the names that say what it means. */
export interface Place {
  /** 'Type.field'. */
  readonly field: string
  /** Name of the argument, or of the field of an input object. */
  readonly name: string
  /** Kind of the cursors that the list has given, where the argument is one. */
  readonly cursorKind: string
}

export type Input = GraphQLArgument | GraphQLInputField

/** Chooses a value that means something there, now and then one that does not; undefined leaves out what may be left out. */
export function chooseValue(input: Input, place: Place, pool: Pool, random: Random): Value | undefined {
  if (!isNonNullType(input.type)) {
    if (random.chance(input.name === 'storeId' ? 0.25 : 0.4)) return undefined
    if (random.chance(0.1)) return null
  }
  return valueOf(input.type, place, pool, random)
}

function valueOf(type: GraphQLInputType, place: Place, pool: Pool, random: Random): Value {
  const bare = getNullableType(type)
  if (isListType(bare)) {
    const item = (): Value => valueOf(bare.ofType, place, pool, random)
    // One value stands for a list of one.
    if (random.chance(0.08)) return item()
    return Array.from({ length: random.integer(random.chance(0.1) ? 0 : 1, 5) }, item)
  }
  if (isEnumType(bare)) return random.pick(bare.getValues()).name
  if (isInputObjectType(bare)) {
    return Object.fromEntries(
      Object.values(bare.getFields()).flatMap((field) => {
        const value = chooseValue(field, { ...place, name: field.name }, pool, random)
        return value === undefined ? [] : [[field.name, value]]
      }),
    )
  }
  return scalar('name' in bare ? bare.name : '', place, pool, random)
}

function scalar(type: string, place: Place, pool: Pool, random: Random): Value {
  switch (type) {
    case 'ID':
      return idOf(place, pool, random)
    case 'Int':
      return random.chance(0.01) ? random.pick([-1, 501]) : random.integer(random.chance(0.1) ? 0 : 1, 5)
    case 'Float':
      return place.name === 'latitude' ? random.pick([48.1, 51.25, 0, -33.5, 40, 52.000001]) : random.pick([11.5, 4, 0, -0.1, 151.2, 3])
    case 'Boolean':
      return random.chance(0.5)
    case 'Decimal':
      return random.pick(place.name === 'minPrice' ? ['0', '0.99', '1.5', '2.000', '3.999'] : ['1', '2.49', '5.00', '12.345678', '100'])
    case 'DateTime':
      return instant(place.name === 'from' ? pool.midnight - random.pick([0.25, 1, 2.5, random.chance(0.2) ? 30 : 3]) * day : pool.midnight + random.pick([-0.1, 0, 1]) * day, random)
    case 'Duration':
      return random.pick(['PT1H', 'PT15M', 'P1D', 'PT7M', 'PT2H30M', 'P1W', 'PT90.5S'])
    default:
      return textOf(place, pool, random)
  }
}

const day = 24 * 60 * 60 * 1000

/** The same instant in one of the ways to write it. */
function instant(at: number, random: Random): string {
  const text = new Date(at).toISOString()
  if (random.chance(0.2)) return text.replace('.000Z', 'Z')
  return random.chance(0.2) ? `${new Date(at + 2 * day / 24).toISOString().slice(0, -1)}+02:00` : text
}

const unknown = ['nothing', '', 'ünbekannt', '0']

function idOf({ field, name }: Place, pool: Pool, random: Random): string {
  if (random.chance(0.05)) return random.pick(unknown)
  if (name === 'storeId' || field === 'Query.store') return random.chance(0.93) ? pool.storeId : random.pick(pool.otherStores)
  if (field === 'Query.device') return random.pick(random.pick([pool.devices, pool.freezers, pool.freezers, pool.displays, pool.otherFreezers, random.chance(0.5) ? pool.devices : pool.otherDevices]))
  if (name === 'parentId' || name === 'categoryIds') return random.pick(pool.categories)
  if (name === 'customerId') return random.pick(pool.customers)
  return random.pick(random.chance(0.5) ? pool.favourites : pool.products)
}

function textOf({ name, cursorKind }: Place, pool: Pool, random: Random): string {
  switch (name) {
    case 'after': {
      const known = pool.cursors.of(cursorKind)
      return known.length === 0 || random.chance(0.03) ? random.pick(['', 'WyJ4Il0', 'no cursor', 'bnVsbA']) : random.pick(known)
    }
    case 'metric':
      return random.chance(0.9) ? random.pick(pool.metrics) : 'unknown'
    case 'brands':
      return random.chance(0.9) ? random.pick(pool.brands) : 'No such brand'
    case 'name':
      return random.pick(pool.attributes).name
    case 'values':
      return random.pick(pool.attributes).value
    case 'prefix':
      return random.pick(pool.words).slice(0, random.integer(1, 5))
    default:
      return query(pool, random)
  }
}

/** What shoppers type: words of the catalogue, some of them misspelt, or nothing at all. */
function query(pool: Pool, random: Random): string {
  if (random.chance(0.15)) return random.pick(['', '  ', '"', 'a OR b*', '🍎', 'x'.repeat(40)])
  return random
    .some(pool.words, 3)
    .map((word) => (random.chance(0.2) && word.length > 4 ? word.slice(0, 2) + word.slice(3) : word))
    .join(' ')
}
