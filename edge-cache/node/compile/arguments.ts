import { BREAK, isNonNullType, Kind, valueFromAST, visit, type ArgumentNode, type FieldNode, type GraphQLArgument, type GraphQLField } from 'graphql'
import { getArgumentValues } from 'graphql/execution/values.js'
import type { Variables } from './variables.ts'

export type Arguments = Record<string, unknown>

/** One argument's value; `slow` where graphql must be asked. */
type Read = (variables: Variables) => unknown

const slow = Symbol('slow')

/**
 * The arguments of a field as graphql reads them: at once where no variable is in them, else from the variables, which fit their places by
 * validation. @throws GraphQLError from what it gives, where a variable is null or left out that may not be
 */
export function argumentsReader(definition: GraphQLField<unknown, unknown>, node: FieldNode): Arguments | ((variables: Variables) => Arguments) {
  const given = new Map((node.arguments ?? []).map((argument) => [argument.name.value, argument]))
  if (![...given.values()].some(hasVariables)) return getArgumentValues(definition, node)
  const whole = (variables: Variables): Arguments => getArgumentValues(definition, node, { ...variables })
  const readers: { readonly name: string; readonly read: Read }[] = []
  for (const argument of definition.args) {
    const read = reader(argument, given.get(argument.name))
    if (read === null) return whole
    readers.push({ name: argument.name, read })
  }
  return (variables) => {
    const values: Arguments = {}
    for (const { name, read } of readers) {
      const value = read(variables)
      if (value === slow) return whole(variables)
      if (value !== undefined) values[name] = value
    }
    return values
  }
}

/** Null for an argument that is neither constant nor just a variable. */
function reader({ type, defaultValue }: GraphQLArgument, node: ArgumentNode | undefined): Read | null {
  const required = isNonNullType(type)
  if (node === undefined) return () => defaultValue ?? (required || defaultValue === null ? slow : undefined)
  const { value } = node
  if (value.kind === Kind.VARIABLE) {
    const name = value.name.value
    return (variables) => {
      const known = variables[name]
      if (known === undefined) return defaultValue ?? (required || defaultValue === null ? slow : undefined)
      return known === null && required ? slow : known
    }
  }
  if (hasVariables(node)) return null
  const constant: unknown = valueFromAST(value, type)
  return () => (constant === undefined ? slow : constant)
}

function hasVariables(node: ArgumentNode): boolean {
  let found = false
  visit(node, {
    Variable() {
      found = true
      return BREAK
    },
  })
  return found
}
