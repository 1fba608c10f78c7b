import { type DocumentNode, type GraphQLNamedType, type GraphQLSchema, getNamedType, isAbstractType, isInterfaceType, isObjectType, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'
import type { TypeSystem } from '../supergraph/types.ts'
import { isObject, type JsonObject } from '../../runtime/json.ts'
import type { Conditions } from './conditions.ts'
import type { ResponsePath } from './path.ts'
import { planKey } from './plan-keys.ts'
import { FieldCollector } from './selection.ts'

/**
 * Where the client sees what stands at a path of the fetched data: at each of the client's own keys for it, and no further than to a field that only
 * the plan asked for.
 */
export type ShowPath = (data: JsonObject, path: ResponsePath) => readonly ResponsePath[]

/** Nothing is worked out before there is an error to show. */
export function createShowPath(schema: GraphQLSchema, types: TypeSystem, document: DocumentNode, operation: OperationDefinitionNode, conditions: Conditions): ShowPath {
  let root: Place | null = null
  return (data, path) => {
    if (root === null) {
      const fragments = new Map(document.definitions.flatMap((item) => (item.kind === Kind.FRAGMENT_DEFINITION ? [[item.name.value, item]] : [])))
      root = new Place({ schema, types, collector: new FieldCollector(schema, fragments, conditions) }, schema.getRootType(operation.operation) ?? undefined, [operation.selectionSet])
    }
    return root.show(data, path)
  }
}

interface Graph {
  readonly schema: GraphQLSchema
  readonly types: TypeSystem
  readonly collector: FieldCollector
}

/** The client's name of a field, and what is selected on it. */
interface Shown {
  readonly key: string
  readonly place: Place
}

/** What a client selects at one place, whatever type stands there. */
class Place {
  readonly #graph: Graph
  readonly #type: GraphQLNamedType | undefined
  readonly #sets: readonly SelectionSetNode[]
  /** By type, then by the key in the fetched data. */
  readonly #fields = new Map<string, ReadonlyMap<string, readonly Shown[]>>()

  constructor(graph: Graph, type: GraphQLNamedType | undefined, sets: readonly SelectionSetNode[]) {
    this.#graph = graph
    this.#type = type
    this.#sets = sets
  }

  show(value: unknown, path: ResponsePath): readonly ResponsePath[] {
    const [key, ...rest] = path
    if (key === undefined) return [[]]
    if (typeof key === 'number') return this.show(Array.isArray(value) ? value[key] : undefined, rest).map((shown) => [key, ...shown])
    const below = isObject(value) ? value[key] : undefined
    for (const type of this.#typesOf(value)) {
      const matches = this.#fieldsOf(type).get(key)
      if (matches !== undefined) return matches.flatMap((match) => match.place.show(below, rest).map((shown) => [match.key, ...shown]))
    }
    return [[]]
  }

  /** The type that stands here; where none does, all that could. */
  #typesOf(value: unknown): readonly GraphQLNamedType[] {
    const { schema } = this.#graph
    const name = isObject(value) ? value.__typename : undefined
    const found = typeof name === 'string' ? schema.getType(name) : undefined
    if (isObjectType(found)) return [found]
    if (!isAbstractType(this.#type)) return this.#type === undefined ? [] : [this.#type]
    return [this.#type, ...schema.getPossibleTypes(this.#type)]
  }

  #fieldsOf(type: GraphQLNamedType): ReadonlyMap<string, readonly Shown[]> {
    const known = this.#fields.get(type.name)
    if (known !== undefined) return known
    const fields = new Map<string, Shown[]>()
    this.#fields.set(type.name, fields)
    if (!isObjectType(type) && !isInterfaceType(type)) return fields
    const { collector, types } = this.#graph
    for (const [key, nodes] of collector.collect(type, this.#sets)) {
      const [node] = nodes
      const definition = node === undefined ? undefined : type.getFields()[node.name.value]
      if (node === undefined || definition === undefined) continue
      const shown = { key, place: new Place(this.#graph, getNamedType(definition.type), nodes.flatMap(({ selectionSet }) => selectionSet ?? [])) }
      const read = planKey(node, types)
      fields.set(read, [...(fields.get(read) ?? []), shown])
    }
    return fields
  }
}
