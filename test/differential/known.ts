import { isInputObjectType, Kind, parse, TypeInfo, visit, visitWithTypeInfo, getNamedType, type GraphQLSchema } from 'graphql'
import { chooseValue, type Input, type Place, type Value } from './arguments.ts'
import { cursorKind, type RandomQuery } from './documents.ts'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'

/** A committed operation, asked with random variables: what each means shows where it is used. */
export function knownQuery(schema: GraphQLSchema, pool: Pool, text: string): RandomQuery {
  const uses = new Map<string, { readonly input: Input; readonly place: Place }>()
  const types = new TypeInfo(schema)
  let name = ''
  let field = ''
  let within: Input | null = null
  visit(
    parse(text),
    visitWithTypeInfo(types, {
      OperationDefinition: ({ name: given }) => {
        name = given?.value ?? ''
      },
      Field: () => {
        field = `${types.getParentType()?.name ?? ''}.${types.getFieldDef()?.name ?? ''}`
      },
      Argument: () => {
        within = types.getArgument() ?? null
      },
      ObjectField: (node) => {
        const parent = getNamedType(types.getParentInputType())
        within = isInputObjectType(parent) ? (parent.getFields()[node.name.value] ?? null) : null
      },
      Variable: (node, _key, parent) => {
        if (within === null || (parent !== undefined && 'kind' in parent && parent.kind === Kind.VARIABLE_DEFINITION)) return
        uses.set(node.name.value, { input: within, place: { field, name: within.name, cursorKind: within.name === 'after' ? cursorKind(field, new Map()) : '' } })
      },
    }),
  )
  return {
    name,
    text,
    variables(random: Random) {
      const chosen: Record<string, Value> = {}
      for (const [variable, { input, place }] of uses) {
        const value = chooseValue(input, place, pool, random)
        if (value !== undefined) chosen[variable] = value
      }
      return chosen
    },
  }
}
