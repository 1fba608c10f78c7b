import { type FieldNode, type GraphQLField, Kind, type ValueNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import type { JsonObject } from '../../runtime/json.ts'
import type { Amount } from './amount.ts'
import type { ListSize } from './cost-rules.ts'

/** The number that an argument asks for; null where it does not say. */
type Slice = number | null | ((variables: JsonObject) => number | null)

/**
 * How many items `@listSize` expects of a field: the largest of its slicing arguments, or what is assumed; null where it says nothing.
 * @throws AisleError COST_QUERY_PARSE_FAILURE here or, where variables decide, later
 */
export function listSizeOf(rule: ListSize | undefined, definition: GraphQLField<unknown, unknown>, field: FieldNode, coordinate: string): Amount | null {
  if (rule === undefined) return null
  const { assumedSize, slicingArguments, requireOneSlicingArgument } = rule
  if (slicingArguments.length === 0) return assumedSize
  const slices = slicingArguments.map((name) => sliceOf(name, definition, field))
  const decide = (values: readonly (number | null)[]): number | null => {
    const given = values.filter((value) => value !== null)
    if (requireOneSlicingArgument && given.length !== 1) {
      throw new AisleError('COST_QUERY_PARSE_FAILURE', `${coordinate} needs exactly one of ${slicingArguments.map((name) => `"${name}"`).join(', ')} to say how much is asked for, but ${given.length} do.`)
    }
    return given.length === 0 ? assumedSize : Math.max(0, ...given)
  }
  if (slices.every((slice) => typeof slice !== 'function')) return decide(slices)
  const valueOf = (slice: Slice, variables: JsonObject): number | null => (typeof slice === 'function' ? slice(variables) : slice)
  const [only] = slices
  // The usual case, for which nothing is to be allocated: one argument, which is a variable.
  if (slices.length === 1 && typeof only === 'function') return (variables) => only(variables) ?? decide([null]) ?? 1
  return (variables) => decide(slices.map((slice) => valueOf(slice, variables))) ?? 1
}

function sliceOf(name: string, definition: GraphQLField<unknown, unknown>, field: FieldNode): Slice {
  const byDefault = numberIn(definition.args.find((argument) => argument.name === name)?.defaultValue)
  const value: ValueNode | undefined = field.arguments?.find((argument) => argument.name.value === name)?.value
  if (value === undefined || value.kind === Kind.NULL) return byDefault
  if (value.kind === Kind.INT) return Math.max(0, Number(value.value))
  if (value.kind !== Kind.VARIABLE) return byDefault
  const variable = value.name.value
  return (variables) => numberIn(variables[variable]) ?? byDefault
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' ? Math.max(0, value) : null
}
