import { astFromValue, getNamedType, isLeafType, isNonNullType, isObjectType, print, type GraphQLField, type GraphQLObjectType, type GraphQLSchema } from 'graphql'
import type { Input, Place } from './arguments.ts'
import { cursorKind } from './documents.ts'

/** A query that asks for one field, and for nothing else but the way there. */
export interface FieldQuery {
  /** 'Type.field'. */
  readonly field: string
  readonly isObject: boolean
  readonly name: string
  readonly text: string
  /** Every argument on the way, by the variable that stands for it, and how many steps before the field it is given. */
  readonly inputs: ReadonlyMap<string, { readonly input: Input; readonly place: Place; readonly before: number }>
}

interface Step {
  readonly parent: GraphQLObjectType
  readonly field: GraphQLField<unknown, unknown>
}

/**
 * A query for each field of each type, by the shortest way from the root.
 * Of an entity only its id is asked: what else it has is not read, so that no other read covers for the one that matters.
 * @param noWay 'Type.field' of what leads nowhere, though it is asked for itself
 */
export function fieldQueries(schema: GraphQLSchema, noWay: ReadonlySet<string>): FieldQuery[] {
  const root = schema.getQueryType()
  if (!root) throw new TypeError('the schema has no queries')
  const queries: FieldQuery[] = []
  const seen = new Set<string>()
  const ways: { readonly steps: readonly Step[]; readonly type: GraphQLObjectType }[] = [{ steps: [], type: root }]
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const { steps, type } = way
    if (seen.has(type.name)) continue
    seen.add(type.name)
    for (const field of Object.values(type.getFields())) {
      const longer = [...steps, { parent: type, field }]
      const label = `${type.name}.${field.name}`
      const next = getNamedType(field.type)
      queries.push({ field: label, isObject: isObjectType(next), name: `Field${queries.length}`, ...written(`Field${queries.length}`, longer) })
      if (isObjectType(next) && !noWay.has(label)) ways.push({ steps: longer, type: next })
    }
  }
  return queries
}

function written(name: string, steps: readonly Step[]): Pick<FieldQuery, 'text' | 'inputs'> {
  const inputs = new Map<string, { input: Input; place: Place; before: number }>()
  const target = getNamedType(steps.at(-1)?.field.type)
  let text = isObjectType(target) ? ` { ${leaves(target)} }` : ''
  for (const [before, { parent, field }] of steps.toReversed().entries()) {
    const label = `${parent.name}.${field.name}`
    const given = field.args.map((input) => {
      const variable = `${field.name}_${input.name}`
      inputs.set(variable, { input, place: { field: label, name: input.name, cursorKind: input.name === 'after' ? cursorKind(label, new Map()) : '' }, before })
      return `${input.name}: $${variable}`
    })
    text = ` { ${field.name}${given.length === 0 ? '' : `(${given.join(', ')})`}${text} }`
  }
  return { text: `query ${name}${declarations(inputs)}${text}`, inputs }
}

function leaves(type: GraphQLObjectType): string {
  const fields = type.getFields()
  if (fields.id !== undefined) return 'id'
  const names = Object.values(fields).flatMap((field) => (isLeafType(getNamedType(field.type)) && field.args.length === 0 ? field.name : []))
  return names.length === 0 ? '__typename' : names.join(' ')
}

function declarations(inputs: FieldQuery['inputs']): string {
  if (inputs.size === 0) return ''
  // Left out, an argument has its own default; a variable that is left out must have it too.
  const one = ([variable, { input: { type, defaultValue } }]: [string, { readonly input: Input }]): string => {
    const own = isNonNullType(type) || defaultValue === undefined ? null : astFromValue(defaultValue, type)
    return `$${variable}: ${String(type)}${own === null || own === undefined ? '' : ` = ${print(own)}`}`
  }
  return `(${[...inputs].map(one).join(', ')})`
}
