import {
  getNamedType, getNullableType, isEnumType, isInputObjectType, isListType, isNonNullType, TypeInfo, visit, visitWithTypeInfo, typeFromAST,
  Kind, type DocumentNode, type GraphQLInputObjectType, type GraphQLInputType, type GraphQLSchema, type OperationDefinitionNode,
} from 'graphql'
import type { Samples } from './samples.ts'

/** One variable of an operation and values to try it with, dearest first; `undefined` leaves it out. */
export interface Trial {
  readonly name: string
  readonly values: readonly unknown[]
  /** Values are alike but for their size, and too large a one may be refused. */
  readonly sized: boolean
  /** It names a store. */
  readonly isStore: boolean
}

const sizes = [500, 200, 100, 50, 20, 10, 5, 1]

/** Values for every variable of an operation; null for a variable that nothing in the copy can stand for, with its name. */
export function trialsOf(schema: GraphQLSchema, document: DocumentNode, samples: Samples): { readonly trials: readonly Trial[]; readonly lacking: readonly string[] } {
  const meanings = meaningsOf(schema, document)
  const definition = document.definitions.find((each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION)
  const trials: Trial[] = []
  const lacking: string[] = []
  for (const { variable, type: node } of definition?.variableDefinitions ?? []) {
    const name = variable.name.value
    const type = typeFromAST(schema, node) as GraphQLInputType | undefined
    if (type === undefined) continue
    const meaning = meanings.get(name) ?? name
    const found = valuesFor(type, meaning, samples)
    const values = isNonNullType(type) ? found.values : [...found.values, undefined]
    if (values.length === 0) lacking.push(name)
    trials.push({ name, values, sized: found.sized, isStore: meaning === 'storeId' })
  }
  return { trials, lacking }
}

/** What each variable is used as: the name of the argument or input field; plain `id` and `ids` with the type they are of. */
function meaningsOf(schema: GraphQLSchema, document: DocumentNode): Map<string, string> {
  const meanings = new Map<string, string>()
  const types = new TypeInfo(schema)
  visit(document, visitWithTypeInfo(types, {
    Argument(node) {
      if (node.value.kind !== Kind.VARIABLE) return
      const field = types.getFieldDef()
      const argument = node.name.value
      const type = field === null || field === undefined ? '' : getNamedType(field.type).name
      meanings.set(node.value.name.value, /^ids?$/.test(argument) ? `${type.charAt(0).toLowerCase()}${type.slice(1)}Id` : argument)
    },
    ObjectField(node) {
      if (node.value.kind === Kind.VARIABLE) meanings.set(node.value.name.value, node.name.value)
    },
  }))
  return meanings
}

interface Values {
  readonly values: readonly unknown[]
  readonly sized: boolean
}

function valuesFor(type: GraphQLInputType, meaning: string, samples: Samples): Values {
  const plain = getNullableType(type)
  if (isListType(plain)) {
    const { values } = valuesFor(plain.ofType, meaning, samples)
    if (isEnumType(getNamedType(plain))) return { values: [values], sized: false }
    const lists = sizes.filter((size) => size < values.length).map((size) => values.slice(0, size))
    return { values: values.length === 0 ? [] : [...(values.length <= 500 ? [values] : []), ...lists], sized: true }
  }
  if (isEnumType(plain)) return { values: plain.getValues().map(({ name }) => name), sized: false }
  if (isInputObjectType(plain)) return { values: objectsFor(plain, meaning, samples), sized: false }
  return scalarsFor(getNamedType(plain).name, meaning, samples)
}

/** An object with everything in it, then one with each field alone; only what must be where the name says all. */
function objectsFor(type: GraphQLInputObjectType, meaning: string, samples: Samples): unknown[] {
  if (meaning === 'near') return [samples.near]
  const fields = Object.values(type.getFields())
  const firsts = fields.map(({ name, type: of }): readonly [string, unknown] => {
    const { values, sized } = valuesFor(of, name, samples)
    return [name, sized ? values.at(-1) : values[0]]
  }).filter(([, value]) => value !== undefined)
  const required = new Set(fields.filter(({ type: of }) => isNonNullType(of)).map(({ name }) => name))
  if (required.size > 0) return [...required].every((name) => firsts.some(([key]) => key === name)) ? [Object.fromEntries(firsts)] : []
  return firsts.map(([name, value]) => ({ [name]: value }))
}

function scalarsFor(type: string, meaning: string, samples: Samples): Values {
  const { words, asOf, readingsSince } = samples
  const [word = ''] = words
  const time = (at: number): string => new Date(at).toISOString()
  if (type === 'Boolean') return { values: [true, false], sized: false }
  if (type === 'Int') return { values: sizes, sized: true }
  switch (meaning) {
    case 'storeId': return { values: samples.stores, sized: false }
    case 'productId': case 'productIds': return { values: samples.products, sized: false }
    case 'deviceId': return { values: samples.devices, sized: false }
    case 'parentId': case 'categoryId': case 'categoryIds': return { values: samples.categories, sized: false }
    case 'brands': return { values: samples.brands, sized: false }
    case 'customerId': case 'operationId': return { values: ['unknown'], sized: false }
    case 'query': return { values: [...new Set([words.slice(0, 3).join(' '), word, `${word.slice(0, 1)}${word.slice(2)}`, ''])], sized: false }
    case 'prefix': return { values: [...new Set([word.slice(0, 1), word.slice(0, 2), word])], sized: false }
    case 'metric': return { values: samples.metrics, sized: false }
    case 'from': return { values: [readingsSince, asOf - 86_400_000, asOf - 3_600_000].map((at) => time(Math.max(at, readingsSince))), sized: true }
    case 'to': return { values: [time(asOf)], sized: false }
    case 'bucket': return { values: ['PT1H', 'PT1M'], sized: false }
    case 'minPrice': return { values: ['0'], sized: false }
    case 'maxPrice': return { values: ['1000000'], sized: false }
    // A cursor is of an answer: without one the first page is asked for, which counts and sorts all the same.
    default: return { values: [], sized: false }
  }
}
