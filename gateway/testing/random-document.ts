import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isObjectType,
} from 'graphql'

/** Numbers from 0 up to but without 1, the same for the same seed (mulberry32, Tommy Ettinger). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Writes random queries over a schema: aliases, arguments, fragments of both kinds, and conditions on `$yes` and `$no`. */
export class RandomDocument {
  readonly #schema: GraphQLSchema
  readonly #random: () => number
  readonly #fragments: string[] = []
  #names = 0

  constructor(schema: GraphQLSchema, seed: number) {
    this.#schema = schema
    this.#random = seededRandom(seed)
  }

  operation(kind: 'query' | 'mutation', depth: number): string {
    const root = kind === 'query' ? this.#schema.getQueryType() : this.#schema.getMutationType()
    const body = root ? this.#selections(root, depth) : '{ __typename }'
    return `${kind} Random($yes: Boolean!, $no: Boolean!) ${body}\n${this.#fragments.join('\n')}`
  }

  #selections(type: GraphQLNamedType, depth: number): string {
    const parts: string[] = []
    const count = 1 + Math.floor(this.#random() * 4)
    for (let index = 0; index < count; index++) parts.push(this.#selection(type, depth))
    return `{ ${parts.join(' ')} }`
  }

  #selection(type: GraphQLNamedType, depth: number): string {
    if (this.#random() < 0.1) return '__typename'
    const narrow = isAbstractType(type)
    if (this.#random() < (narrow ? 0.5 : 0.12) && depth > 0) return this.#fragment(type, depth)
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []
    const usable = depth > 0 ? fields : fields.filter((field) => !isCompositeType(getNamedType(field.type)))
    const field = usable[Math.floor(this.#random() * usable.length)]
    return field === undefined ? '__typename' : this.#field(field, depth)
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const type = getNamedType(field.type)
    const given = field.args.map((argument) => this.#argument(argument)).filter((text) => text !== '')
    const alias = given.length > 0 || this.#random() < 0.5 ? `a${this.#names++}: ` : ''
    const nested = isCompositeType(type) ? ` ${this.#selections(type, depth - 1)}` : ''
    return `${alias}${field.name}${given.length === 0 ? '' : `(${given.join(', ')})`}${this.#condition()}${nested}`
  }

  #argument({ name, type }: GraphQLArgument): string {
    const bare = getNullableType(type)
    if (bare === type && this.#random() < 0.4) return ''
    if (isListType(bare)) return ''
    if (isEnumType(bare)) return `${name}: ${bare.getValues()[Math.floor(this.#random() * bare.getValues().length)]?.name ?? ''}`
    const number = Math.floor(this.#random() * 5)
    return `${name}: ${getNamedType(type).name === 'Int' ? String(number) : JSON.stringify(String(number))}`
  }

  #fragment(type: GraphQLNamedType, depth: number): string {
    const condition = this.#narrowed(type)
    if (this.#random() < 0.5) return `... on ${condition.name}${this.#condition()} ${this.#selections(condition, depth)}`
    const name = `F${this.#names++}`
    this.#fragments.push(`fragment ${name} on ${condition.name} ${this.#selections(condition, depth)}`)
    return `...${name}${this.#condition()}`
  }

  #narrowed(type: GraphQLNamedType): GraphQLNamedType {
    if (isAbstractType(type)) {
      const possible = this.#schema.getPossibleTypes(type)
      return possible[Math.floor(this.#random() * possible.length)] ?? type
    }
    const wider = isObjectType(type) ? type.getInterfaces() : []
    return this.#random() < 0.3 ? (wider[0] ?? type) : type
  }

  #condition(): string {
    const chance = this.#random()
    if (chance > 0.16) return ''
    return [' @include(if: $yes)', ' @include(if: $no)', ' @skip(if: $yes)', ' @skip(if: $no)'][Math.floor(chance * 25)] ?? ''
  }
}
