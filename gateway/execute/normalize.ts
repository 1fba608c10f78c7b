import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { type Access, openAccess } from '../authorization/access.ts'
import type { Supergraph } from '../supergraph/supergraph.ts'
import { type Conditions, isIncluded } from './conditions.ts'
import { planKey } from './plan-keys.ts'

/** More fields than this after fragments are spread out are refused: nested fragments multiply. */
const maxFields = 50_000

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

/**
 * An operation as it is planned; null when there is nothing to fetch. Its meaning is that of the original under the given conditions, in
 * a form that the planner handles without fail: no conditions, no named fragments, no fragment on a type that is already known or cannot stand there, each field
 * once under the key of {@link planKey}. (The planner fails on some documents where a field stands twice or under a condition, and
 * mistakes some aliases for the fields that it needs itself.) Introspection and the root's `__typename` are left out, and so is what
 * may not be seen.
 * @throws AisleError GRAPHQL_VALIDATION_FAILED when the operation is too large
 */
export function normalizeOperation({ schema, types }: Supergraph, document: DocumentNode, operation: OperationDefinitionNode, conditions: Conditions, access: Access = openAccess): OperationDefinitionNode | null {
  const root = schema.getRootType(operation.operation)
  if (!root) return null
  const fragments = new Map(document.definitions.flatMap((item) => (item.kind === Kind.FRAGMENT_DEFINITION ? [[item.name.value, item]] : [])))
  const selections = new Normalizer(schema, fragments, conditions, access, (field) => planKey(field, types))
    .selections(root, [operation.selectionSet])
    .filter((selection) => selection.kind !== Kind.FIELD || !selection.name.value.startsWith('__'))
  return selections.length === 0 ? null : { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } }
}

/** What one selection set asks for: fields by key, and what is asked of narrower types. */
interface Collected {
  readonly fields: Map<string, FieldNode[]>
  readonly narrower: Map<string, SelectionSetNode[]>
}

class Normalizer {
  readonly #schema: GraphQLSchema
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #conditions: Conditions
  readonly #access: Access
  readonly #keyOf: (field: FieldNode) => string
  #fields = 0

  constructor(schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>, conditions: Conditions, access: Access, keyOf: (field: FieldNode) => string) {
    this.#schema = schema
    this.#fragments = fragments
    this.#conditions = conditions
    this.#access = access
    this.#keyOf = keyOf
  }

  /**
   * Never empty: a selection that has lost everything asks for `__typename`, which every type has.
   * @param possible the types of objects that can stand there, fewer than the parent's inside a fragment
   */
  selections(parent: GraphQLCompositeType, sets: readonly SelectionSetNode[], possible = this.#objects(parent)): readonly SelectionNode[] {
    const collected: Collected = { fields: new Map(), narrower: new Map() }
    for (const set of sets) this.#collect(parent, set, collected)
    const fields = [...collected.fields].map(([key, nodes]) => this.#field(parent, key, nodes))
    const fragments = [...collected.narrower].flatMap(([name, inner]): SelectionNode[] => {
      const type = this.#schema.getType(name)
      if (!isCompositeType(type)) return []
      const within = possible.intersection(this.#objects(type))
      if (within.size === 0) return []
      return [
        {
          kind: Kind.INLINE_FRAGMENT,
          typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } },
          selectionSet: { kind: Kind.SELECTION_SET, selections: this.selections(type, inner, within) },
        },
      ]
    })
    const all = [...fields, ...fragments]
    return all.length === 0 ? [typename] : all
  }

  #collect(parent: GraphQLCompositeType, set: SelectionSetNode, into: Collected): void {
    for (const selection of set.selections) {
      if (!isIncluded(selection.directives, this.#conditions)) continue
      if (selection.kind === Kind.FIELD) {
        if (this.#access.denies(selection, parent.name)) continue
        const open = this.#access.openTypes(selection, parent)
        if (open !== null) {
          // What may be seen depends on what the object turns out to be.
          add(into.fields, '__typename', typename)
          for (const { name } of open) add(into.narrower, name, { kind: Kind.SELECTION_SET, selections: [selection] })
          continue
        }
        add(into.fields, selection.name.value === '__typename' ? '__typename' : this.#keyOf(selection), selection)
        continue
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#fragments.get(selection.name.value)
      if (fragment === undefined) continue
      const condition = fragment.typeCondition?.name.value ?? parent.name
      if (this.#implies(parent, condition)) this.#collect(parent, fragment.selectionSet, into)
      else if (!isObjectType(parent)) add(into.narrower, condition, fragment.selectionSet)
    }
  }

  #field(parent: GraphQLCompositeType, key: string, nodes: readonly FieldNode[]): FieldNode {
    const [node] = nodes
    if (node === undefined || key === '__typename') return typename
    if (++this.#fields > maxFields) throw new AisleError('GRAPHQL_VALIDATION_FAILED', `The operation selects more than ${maxFields} fields.`)
    const name = node.name.value
    const definition = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
    const type = definition === undefined ? undefined : getNamedType(definition.type)
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
    return {
      kind: Kind.FIELD,
      name: node.name,
      ...(key === name ? {} : { alias: { kind: Kind.NAME, value: key } }),
      ...(node.arguments === undefined ? {} : { arguments: node.arguments }),
      ...(isCompositeType(type) ? { selectionSet: { kind: Kind.SELECTION_SET, selections: this.selections(type, sets) } } : {}),
    }
  }

  #objects(type: GraphQLCompositeType): ReadonlySet<string> {
    return new Set(isAbstractType(type) ? this.#schema.getPossibleTypes(type).map(({ name }) => name) : [type.name])
  }

  /** True when every object of the type satisfies the condition. */
  #implies(type: GraphQLCompositeType, condition: string): boolean {
    if (type.name === condition) return true
    const wider = this.#schema.getType(condition)
    return isAbstractType(wider) && (isObjectType(type) || isInterfaceType(type)) && this.#schema.isSubType(wider, type)
  }
}

function add<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [item])
  else group.push(item)
}
