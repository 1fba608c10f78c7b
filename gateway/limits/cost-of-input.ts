import {
  type FieldNode,
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  isInputObjectType,
  Kind,
  type ValueNode,
} from 'graphql'
import { isObject } from '../../runtime/json.ts'
import { type Amount, sum } from './amount.ts'

type Weights = ReadonlyMap<string, number>

/** What the arguments of a field cost: 1 for each input object, 0 for all else, or the `@cost` of the argument, its type or the fields in it. */
export function costOfArguments(coordinate: string, definition: GraphQLField<unknown, unknown>, field: FieldNode, weights: Weights): Amount {
  return sum(definition.args.map((argument) => costOfArgument(`${coordinate}(${argument.name}:)`, argument, field, weights)))
}

function costOfArgument(coordinate: string, argument: GraphQLArgument, field: FieldNode, weights: Weights): Amount {
  const given = field.arguments?.find(({ name }) => name.value === argument.name)?.value
  if (!mayCost(coordinate, argument.type, weights, new Set())) return 0
  if (given === undefined) return argument.defaultValue === undefined ? 0 : costOfValue(argument.defaultValue, coordinate, argument.type, weights)
  return costOfNode(given, coordinate, argument.type, weights)
}

/** False where no value whatever can cost anything, as for nearly all arguments. */
function mayCost(coordinate: string, type: GraphQLInputType, weights: Weights, seen: Set<string>): boolean {
  const named = getNamedType(type)
  const own = weights.get(coordinate) ?? weights.get(named.name)
  if (own !== undefined && own !== 0) return true
  if (!isInputObjectType(named)) return false
  if (own === undefined) return true
  if (seen.has(named.name)) return false
  seen.add(named.name)
  return Object.values(named.getFields()).some((inner) => mayCost(`${named.name}.${inner.name}`, inner.type, weights, seen))
}

function baseOf(coordinate: string, type: GraphQLInputType, weights: Weights): number {
  const named = getNamedType(type)
  return weights.get(coordinate) ?? weights.get(named.name) ?? (isInputObjectType(named) ? 1 : 0)
}

function costOfNode(node: ValueNode, coordinate: string, type: GraphQLInputType, weights: Weights): Amount {
  if (node.kind === Kind.NULL) return 0
  if (node.kind === Kind.VARIABLE) {
    const variable = node.name.value
    return (variables) => costOfValue(variables[variable], coordinate, type, weights)
  }
  const base = baseOf(coordinate, type, weights)
  if (node.kind === Kind.LIST) return sum([base, ...node.values.map((item) => costOfNode(item, coordinate, type, weights))])
  const named = getNamedType(type)
  if (node.kind !== Kind.OBJECT || !isInputObjectType(named)) return base
  const fields = named.getFields()
  const inside = node.fields.map(({ name, value }) => {
    const inner = fields[name.value]
    return inner === undefined ? 0 : costOfNode(value, `${named.name}.${inner.name}`, inner.type, weights)
  })
  return sum([base, ...inside])
}

/** The same for a value; it has been coerced, so that its members are those of its type. */
function costOfValue(value: unknown, coordinate: string, type: GraphQLInputType, weights: Weights): number {
  if (value === null || value === undefined) return 0
  let cost = baseOf(coordinate, type, weights)
  if (Array.isArray(value)) {
    for (const item of value) cost += costOfValue(item, coordinate, type, weights)
    return cost
  }
  const named = getNamedType(type)
  if (!isInputObjectType(named) || !isObject(value)) return cost
  const fields = named.getFields()
  for (const [name, member] of Object.entries(value)) {
    const inner = fields[name]
    if (inner !== undefined) cost += costOfValue(member, `${named.name}.${name}`, inner.type, weights)
  }
  return cost
}
