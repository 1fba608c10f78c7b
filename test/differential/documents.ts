import {
  getNamedType, isCompositeType, isInputObjectType, isListType, isNonNullType, isObjectType, isEnumType, isScalarType, isSpecifiedScalarType, getNullableType, parse, validate,
  type GraphQLField, type GraphQLInputType, type GraphQLNamedInputType, type GraphQLObjectType, type GraphQLSchema,
} from 'graphql'
import { chooseValue, type Input, type Place, type Value } from './arguments.ts'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'

/** A query with its variables' values still to be chosen. */
export interface RandomQuery {
  readonly name: string
  readonly text: string
  /** Chooses afresh; a variable that may be left out sometimes is. */
  variables(random: Random): Record<string, Value>
}

interface Variable {
  readonly input: Input
  readonly place: Place
}

const deepest = 6
const mostFields = 32
/** About how many objects a list at the deepest place may bring. */
const mostObjects = 250

/** Fields that many others hang on, or that little leads to, are chosen so many times as often as others. */
const weights: Readonly<Record<string, number>> = {
  'Query.search': 4, 'Query.device': 3, 'Query.product': 2, 'Query.products': 2, 'Query.categories': 2, 'Product.price': 4, 'Product.availability': 2,
  'Price.store': 3, 'Price.listAmount': 3, 'Device.readings': 3, 'Device.shows': 3, 'ProductSearchConnection.nodes': 3, 'ProductSearchConnection.edges': 2,
}

/** Writes valid random queries over the graph that clients see. */
export function randomQueries(schema: GraphQLSchema, rare: ReadonlySet<string>, pool: Pool, random: Random, count: number): RandomQuery[] {
  const queries: RandomQuery[] = []
  while (queries.length < count) {
    const query = new QueryWriter(schema, rare, pool, random).write(`Random${queries.length + 1}`)
    if (validate(schema, parse(query.text)).length === 0) queries.push(query)
  }
  return queries
}

class QueryWriter {
  readonly #schema: GraphQLSchema
  readonly #rare: ReadonlySet<string>
  readonly #pool: Pool
  readonly #random: Random
  readonly #variables = new Map<string, Variable>()
  readonly #declared: string[] = []
  readonly #fragments: string[] = []
  #conditions = false
  #names = 0
  #fields = 0

  /** @param rare 'Type.field' of what is asked for only now and then. */
  constructor(schema: GraphQLSchema, rare: ReadonlySet<string>, pool: Pool, random: Random) {
    this.#schema = schema
    this.#rare = rare
    this.#pool = pool
    this.#random = random
  }

  write(name: string): RandomQuery {
    const root = this.#schema.getQueryType()
    if (!root) throw new TypeError('the schema has no queries')
    const body = this.#selections(root, deepest, 1)
    if (this.#conditions) this.#declared.push('$yes: Boolean!', '$no: Boolean = false')
    const declared = this.#declared.length === 0 ? '' : `(${this.#declared.join(', ')})`
    const text = [`query ${name}${declared} ${body}`, ...this.#fragments].join('\n')
    return { name, text, variables: (random) => this.#choose(random) }
  }

  #choose(random: Random): Record<string, Value> {
    const chosen: Record<string, Value> = {}
    if (this.#conditions) {
      chosen.yes = random.chance(0.7)
      if (random.chance(0.5)) chosen.no = random.chance(0.3)
    }
    for (const [name, { input, place }] of this.#variables) {
      const value = chooseValue(input, place, this.#pool, random)
      if (value !== undefined) chosen[name] = value
    }
    if (random.chance(0.03)) this.#spoil(chosen, random)
    return chosen
  }

  /**
   * Makes one value unusable. Values of the graph's own scalars stay as they are: the gateway, which knows none of them, leaves
   * judging them to the subgraph, and loses only the subgraph's fields where the node refuses the request.
   */
  #spoil(chosen: Record<string, Value>, random: Random): void {
    const names = [...this.#variables].filter(([, { input }]) => isStandard(getNamedType(input.type))).map(([name]) => name)
    if (this.#conditions) names.push('yes')
    if (names.length === 0) return
    const name = random.pick(names)
    if (random.chance(0.3)) delete chosen[name]
    else chosen[name] = random.pick<Value>([null, { unknown: 1 }, 1.5, 'NO_SUCH_VALUE', [[true]]])
  }

  #selections(type: GraphQLObjectType, depth: number, objects: number): string {
    const count = depth === deepest ? this.#random.integer(1, 3) : this.#random.integer(1, 5)
    return `{ ${Array.from({ length: count }, () => this.#selection(type, depth, objects)).join(' ')} }`
  }

  #selection(type: GraphQLObjectType, depth: number, objects: number): string {
    if (this.#random.chance(0.06)) return this.#random.chance(0.3) ? `type${this.#names++}: __typename` : '__typename'
    if (depth > 0 && this.#random.chance(0.12)) return this.#fragment(type, depth - 1, objects)
    const nested = depth > 0 && this.#fields < mostFields && objects < mostObjects
    const fields = Object.values(type.getFields()).filter(
      (field) => (nested || !isCompositeType(getNamedType(field.type))) && (!this.#rare.has(`${type.name}.${field.name}`) || this.#random.chance(0.1)),
    )
    return fields.length === 0 ? '__typename' : this.#field(type, this.#random.pick(fields.flatMap((field) => Array<typeof field>(weights[`${type.name}.${field.name}`] ?? 1).fill(field))), depth, objects)
  }

  #field(parent: GraphQLObjectType, field: GraphQLField<unknown, unknown>, depth: number, objects: number): string {
    this.#fields += 1
    const type = getNamedType(field.type)
    const label = `${parent.name}.${field.name}`
    const given = this.#arguments(label, field)
    const others = Object.keys(parent.getFields())
    // Now and then a field goes by another's name, which a gateway must not mistake for the other.
    const alias = this.#random.chance(0.04) ? `${this.#random.pick(others)}: ` : given !== '' || this.#random.chance(0.25) ? `a${this.#names++}: ` : ''
    const inner = isObjectType(type) ? ` ${this.#selections(type, depth - 1, objects * (isPlural(field) ? 5 : 1))}` : ''
    return `${alias}${field.name}${given}${this.#condition()}${inner}`
  }

  #arguments(label: string, field: GraphQLField<unknown, unknown>): string {
    const given: string[] = []
    const literals = new Map<string, string>()
    for (const input of field.args) {
      const place: Place = { field: label, name: input.name, cursorKind: input.name === 'after' ? cursorKind(label, literals) : '' }
      const text = this.#input(input, place)
      if (text === null) continue
      literals.set(input.name, text)
      given.push(`${input.name}: ${text}`)
    }
    return given.length === 0 ? '' : `(${given.join(', ')})`
  }

  /** A literal, a variable, or an object of both; null leaves it out. */
  #input(input: Input, place: Place): string | null {
    // Which cursors there are shows only once something was asked.
    if (input.name === 'after') return this.#random.chance(0.35) ? this.#variable(input, place) : null
    // The order decides which cursors fit, so it must be known here.
    const order = input.name === 'sort' || input.name === 'near'
    if (!order && this.#random.chance(0.35)) return this.#variable(input, place)
    const value = chooseValue(input, place, this.#pool, this.#random)
    if (value === undefined) {
      // Lists without a size are long.
      return input.name === 'first' ? String(this.#random.integer(1, 6)) : null
    }
    return this.#literal(value, input.type, place)
  }

  #variable(input: Input, place: Place): string {
    const name = `v${this.#variables.size}`
    const fallback = !isNonNullType(input.type) && this.#random.chance(0.3) ? chooseValue(input, place, this.#pool, this.#random) : undefined
    const size = input.name === 'first' ? '3' : undefined
    const text = size ?? (fallback === undefined || input.name === 'after' ? undefined : literal(fallback, input.type))
    this.#variables.set(name, { input, place })
    this.#declared.push(`$${name}: ${String(input.type)}${text === undefined ? '' : ` = ${text}`}`)
    return `$${name}`
  }

  #literal(value: Value, type: GraphQLInputType, place: Place): string {
    const bare = getNullableType(type)
    if (!isInputObjectType(bare) || !isObjectValue(value)) return literal(value, type)
    const fields = bare.getFields()
    const parts = Object.entries(value).map(([name, item]) => {
      const field = fields[name]
      if (field === undefined) return ''
      return `${name}: ${this.#random.chance(0.2) ? this.#variable(field, { ...place, name }) : literal(item, field.type)}`
    })
    return `{ ${parts.join(', ')} }`
  }

  #fragment(type: GraphQLObjectType, depth: number, objects: number): string {
    const body = this.#selections(type, depth, objects)
    if (this.#random.chance(0.3)) return `...${this.#condition()} ${body}`
    if (this.#random.chance(0.4)) return `... on ${type.name}${this.#condition()} ${body}`
    const name = `F${this.#names++}`
    this.#fragments.push(`fragment ${name} on ${type.name} ${body}`)
    return `...${name}${this.#condition()}${this.#random.chance(0.1) ? ` ...${name}` : ''}`
  }

  #condition(): string {
    if (!this.#random.chance(0.14)) return ''
    const which = this.#random.pick(['@include(if: $yes)', '@skip(if: $no)', '@include(if: $no)', '@skip(if: $yes)', '@include(if: true)', '@skip(if: false)', '@skip(if: $no) @include(if: $yes)'])
    if (which.includes('$')) this.#conditions = true
    return ` ${which}`
  }
}

function isStandard(type: GraphQLNamedInputType): boolean {
  return !isScalarType(type) || isSpecifiedScalarType(type)
}

/** True for a list, and for a page of one. */
function isPlural(field: GraphQLField<unknown, unknown>): boolean {
  return isListType(getNullableType(field.type)) || field.args.some(({ name }) => name === 'first')
}

/** What the cursors of a list have in common, by the arguments that decide its order. */
export function cursorKind(label: string, literals: ReadonlyMap<string, string>): string {
  if (label === 'Query.search') return `5:${literals.get('sort') ?? 'RELEVANCE'}`
  if (label === 'Query.stores') return literals.has('near') && literals.get('near') !== 'null' ? '2:number' : '2:string'
  if (label === 'Store.refusedWrites') return '3:number'
  return label === 'Store.movements' ? '2:number' : '1:string'
}

function literal(value: Value, type: GraphQLInputType): string {
  const bare = getNullableType(type)
  if (value === null) return 'null'
  if (isListType(bare)) return Array.isArray(value) ? `[${value.map((item: Value) => literal(item, bare.ofType)).join(', ')}]` : literal(value, bare.ofType)
  if (isEnumType(bare) && typeof value === 'string') return value
  if (isInputObjectType(bare) && isObjectValue(value)) {
    const fields = bare.getFields()
    return `{ ${Object.entries(value).map(([name, item]) => `${name}: ${literal(item, fields[name]?.type ?? type)}`).join(', ')} }`
  }
  return JSON.stringify(value)
}

function isObjectValue(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
