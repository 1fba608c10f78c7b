import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLInterfaceType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import { type Conditions, isIncluded } from './conditions.ts'

/** Fields of one object by response key, in the order in which the response shows them. */
export type CollectedFields = ReadonlyMap<string, readonly FieldNode[]>

/** CollectFields of the GraphQL specification, for a type that is known and conditions that are decided. */
export class FieldCollector {
  readonly #schema: GraphQLSchema
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #conditions: Conditions

  constructor(schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>, conditions: Conditions) {
    this.#schema = schema
    this.#fragments = fragments
    this.#conditions = conditions
  }

  /** `type` may be an interface when the real type of an object was not asked for and so is not known. */
  collect(type: GraphQLObjectType | GraphQLInterfaceType, sets: readonly SelectionSetNode[]): CollectedFields {
    const fields = new Map<string, FieldNode[]>()
    const visited = new Set<string>()
    for (const set of sets) this.#collectInto(fields, type, set, visited)
    return fields
  }

  #collectInto(fields: Map<string, FieldNode[]>, type: GraphQLObjectType | GraphQLInterfaceType, set: SelectionSetNode, visited: Set<string>): void {
    for (const selection of set.selections) {
      if (!isIncluded(selection.directives, this.#conditions)) continue
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value
        const nodes = fields.get(key)
        if (nodes === undefined) fields.set(key, [selection])
        else nodes.push(selection)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (this.#applies(selection.typeCondition?.name.value, type)) this.#collectInto(fields, type, selection.selectionSet, visited)
      } else {
        const name = selection.name.value
        const fragment = this.#fragments.get(name)
        if (visited.has(name) || fragment === undefined) continue
        visited.add(name)
        if (this.#applies(fragment.typeCondition.name.value, type)) this.#collectInto(fields, type, fragment.selectionSet, visited)
      }
    }
  }

  #applies(condition: string | undefined, type: GraphQLObjectType | GraphQLInterfaceType): boolean {
    if (condition === undefined || condition === type.name) return true
    const wider = this.#schema.getType(condition)
    if (isInterfaceType(type)) return isInterfaceType(wider) && type.getInterfaces().includes(wider)
    return isAbstractType(wider) && this.#schema.isSubType(wider, type)
  }
}
