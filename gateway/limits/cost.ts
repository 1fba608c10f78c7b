import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql'
import { type Amount, product, sum } from './amount.ts'
import { costOfArguments } from './cost-of-input.ts'
import type { CostRules } from './cost-rules.ts'
import { listSizeOf } from './list-size.ts'
import { gatherFields } from './gather.ts'

/** What one mutation costs before its fields. */
const mutationCost = 10
/** What an introspection of the schema costs: it asks no subgraph, but it is not free. */
const introspectionCost = 100

export interface CostOptions {
  readonly schema: GraphQLSchema
  readonly rules: CostRules
  /** How long a list is taken to be of which the schema says nothing. */
  readonly defaultListSize: number
}

/**
 * Estimates what a valid operation costs, as the IBM cost specification has it and Apollo Router computes it: an object, interface or
 * union counts 1 for each instance, a scalar or enum 0, `@cost` counts instead, and a list multiplies what is selected of it by its size.
 * Fields of one response name at one place count once. What `@requires` makes a plan read is not counted.
 * Where the estimate depends on variables, it is a function of them, which throws AisleError COST_QUERY_PARSE_FAILURE.
 */
export function compileCost(document: DocumentNode, operation: OperationDefinitionNode, options: CostOptions): Amount {
  const root = options.schema.getRootType(operation.operation)
  if (root === undefined || root === null) return 0
  const base = operation.operation === OperationTypeNode.MUTATION ? mutationCost : 0
  return sum([base, new Estimator(document, options).ofSets([operation.selectionSet], root, null)])
}

/** Sizes that a field of the parent gives to fields of its answer, by name. */
type Sized = ReadonlyMap<string, Amount>

class Estimator {
  readonly #document: DocumentNode
  readonly #options: CostOptions

  constructor(document: DocumentNode, options: CostOptions) {
    this.#document = document
    this.#options = options
  }

  ofSets(sets: readonly SelectionSetNode[], parent: GraphQLNamedType, sized: Sized | null): Amount {
    const amounts = gatherFields(this.#document, sets, parent.name).map(({ typeName, fields, when }) => {
      const type = this.#options.schema.getType(typeName)
      const [field] = fields
      return type === undefined || field === undefined ? 0 : product(when, this.#ofField(field, fields, type, sized))
    })
    return sum(amounts)
  }

  #ofField(field: FieldNode, alike: readonly FieldNode[], parent: GraphQLNamedType, sized: Sized | null): Amount {
    const name = field.name.value
    if (name === '__typename') return 0
    if (name.startsWith('__')) return introspectionCost
    const definition = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
    if (definition === undefined) return 0
    const { rules } = this.#options
    const coordinate = this.#coordinate(parent, name)
    const size = listSizeOf(rules.lists.get(coordinate), definition, field, coordinate)
    const fields = rules.lists.get(coordinate)?.sizedFields ?? []
    const inside = alike.flatMap(({ selectionSet }) => (selectionSet === undefined ? [] : [selectionSet]))
    const passedOn = size === null || fields.length === 0 ? null : new Map(fields.map((each) => [each, size]))
    const one = sum([this.#weightOf(coordinate, definition), this.ofSets(inside, getNamedType(definition.type), passedOn)])
    const own = fields.length === 0 ? size : null
    const count = isListType(getNullableType(definition.type)) ? (sized?.get(name) ?? own ?? this.#options.defaultListSize) : 1
    return sum([product(count, one), costOfArguments(coordinate, definition, field, rules.weights)])
  }

  /** Where the schema speaks of a field: at an interface itself or else at one of its objects, the dearest. */
  #coordinate(parent: GraphQLNamedType, name: string): string {
    const { schema, rules } = this.#options
    const own = `${parent.name}.${name}`
    if (!isAbstractType(parent) || rules.weights.has(own) || rules.lists.has(own)) return own
    const found = schema.getPossibleTypes(parent).map((type) => `${type.name}.${name}`).filter((each) => rules.weights.has(each) || rules.lists.has(each))
    return found.toSorted((one, other) => (rules.weights.get(other) ?? 0) - (rules.weights.get(one) ?? 0))[0] ?? own
  }

  #weightOf(coordinate: string, { type }: GraphQLField<unknown, unknown>): number {
    const { weights } = this.#options.rules
    const named = getNamedType(type)
    return weights.get(coordinate) ?? weights.get(named.name) ?? (isCompositeType(named) ? this.#dearest(named) : 0)
  }

  /** An interface or union counts as much as the dearest of its objects. */
  #dearest(type: GraphQLNamedType): number {
    if (!isAbstractType(type)) return 1
    return Math.max(1, ...this.#options.schema.getPossibleTypes(type).map(({ name }) => this.#options.rules.weights.get(name) ?? 1))
  }
}
