import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  print,
  type SelectionSetNode,
} from 'graphql'
import { objectLike } from '../supergraph/ast.ts'
import type { KeyFields } from '../supergraph/types.ts'
import { parseDirectives } from './directives.ts'

type ObjectType = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode

/** A subgraph that exists in plans only. Its one root field gives an entity of which no more than a key is known. */
export const entityGraph = 'AISLE_ENTITY'
export const entityField = '_aisle_entity'

/** What is known of an entity before it is fetched. */
export interface KnownEntity {
  readonly typeName: string
  readonly key: KeyFields
  /** What else: fields that others require, as `@requires` writes them. They are taken from nowhere else. */
  readonly required: SelectionSetNode | null
}

/**
 * The supergraph with one subgraph more, which has just what is known of the entity: a plan that starts at its root field
 * tells how the rest of such an entity is fetched, wherever the known part came from. Of an entity that is known by an interface, it is an
 * interface object there. Null where what is known leads through something else than object types.
 */
export function withEntityRoot(supergraph: DocumentNode, queryType: string, { typeName, key, required }: KnownEntity): string | null {
  const types = new Map(supergraph.definitions.flatMap((definition) => (isTypeDefinitionNode(definition) ? [[definition.name.value, definition]] : [])))
  const known = new Map<string, Set<string>>()
  const walk = (name: string, set: SelectionSetNode): boolean => {
    const type = types.get(name)
    if (type?.kind !== Kind.OBJECT_TYPE_DEFINITION && (name !== typeName || type?.kind !== Kind.INTERFACE_TYPE_DEFINITION)) return false
    const names = known.get(name) ?? new Set()
    known.set(name, names)
    return set.selections.every((selection) => {
      if (selection.kind !== Kind.FIELD) return false
      if (selection.name.value === '__typename') return true
      names.add(selection.name.value)
      const definition = type.fields?.find((candidate) => candidate.name.value === selection.name.value)
      return definition !== undefined && (selection.selectionSet === undefined || walk(namedType(definition), selection.selectionSet))
    })
  }
  if (!walk(typeName, selectionOf(key)) || (required !== null && !walk(typeName, required))) return null
  const definitions = supergraph.definitions.map((definition): DefinitionNode => {
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph') return addGraph(definition)
    if (!objectLike(definition)) return definition
    const name = definition.name.value
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION && name === queryType) return addRootField(addToGraph(definition, null, known.get(name) ?? new Set()), typeName)
    const names = known.get(name)
    if (names === undefined) return definition
    const added = addToGraph(definition, name === typeName ? print(selectionOf(key)).slice(1, -1) : null, names, required !== null)
    return name === typeName && required !== null ? withoutOwners(added, required) : added
  })
  return print({ kind: Kind.DOCUMENT, definitions })
}

/** The selection set `{ … }` of a key. */
export function selectionOf(key: KeyFields): SelectionSetNode {
  return {
    kind: Kind.SELECTION_SET,
    selections: [...key].map(([value, nested]) => ({
      kind: Kind.FIELD,
      name: { kind: Kind.NAME, value },
      ...(nested.size === 0 ? {} : { selectionSet: selectionOf(nested) }),
    })),
  }
}

function addGraph(definition: EnumTypeDefinitionNode): EnumTypeDefinitionNode {
  const value = { kind: Kind.ENUM_VALUE_DEFINITION, name: { kind: Kind.NAME, value: entityGraph }, directives: parseDirectives(`@join__graph(name: "${entityGraph}", url: "")`) } as const
  return { ...definition, values: [...(definition.values ?? []), value] }
}

/** A field without `@join__field` stands in every subgraph of its type: it must not come to stand in the added one. */
function addToGraph<Type extends ObjectType>(type: Type, key: string | null, names: ReadonlySet<string>, resolvable = false): Type {
  const before = (type.directives ?? []).filter(({ name }) => name.value === 'join__type').map((join) => graphOf(join))
  const explicit = [...new Set(before)].map((graph) => `@join__field(graph: ${graph})`).join(' ')
  const fields = (type.fields ?? []).map((field): FieldDefinitionNode => {
    const given = (field.directives ?? []).some(({ name }) => name.value === 'join__field')
    const added = [...(given ? [] : parseDirectives(explicit)), ...(names.has(field.name.value) ? parseDirectives(`@join__field(graph: ${entityGraph})`) : [])]
    return { ...field, directives: [...(field.directives ?? []), ...added] }
  })
  const isInterface = type.kind === Kind.INTERFACE_TYPE_DEFINITION ? ', isInterfaceObject: true' : ''
  const join = key === null ? `@join__type(graph: ${entityGraph})` : `@join__type(graph: ${entityGraph}, key: ${JSON.stringify(key.replaceAll(/\s+/g, ' ').trim())}, resolvable: ${resolvable}${isInterface})`
  return { ...type, fields, directives: [...(type.directives ?? []), ...parseDirectives(join)] }
}

function withoutOwners<Type extends ObjectType>(type: Type, required: SelectionSetNode): Type {
  const names = new Set(required.selections.map((selection) => (selection.kind === Kind.FIELD ? selection.name.value : '')))
  const isExternal = ({ arguments: given }: ConstDirectiveNode): boolean => given?.some(({ name, value }) => name.value === 'external' && value.kind === Kind.BOOLEAN && value.value) === true
  const fields = (type.fields ?? []).map((field) => {
    if (!names.has(field.name.value)) return field
    return { ...field, directives: (field.directives ?? []).filter((join) => join.name.value !== 'join__field' || isExternal(join) || graphOf(join) === entityGraph) }
  })
  return { ...type, fields }
}

function addRootField(type: ObjectTypeDefinitionNode, typeName: string): ObjectTypeDefinitionNode {
  const field: FieldDefinitionNode = {
    kind: Kind.FIELD_DEFINITION,
    name: { kind: Kind.NAME, value: entityField },
    type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: typeName } },
    directives: parseDirectives(`@join__field(graph: ${entityGraph})`),
  }
  return { ...type, fields: [...(type.fields ?? []), field] }
}

function graphOf(join: ConstDirectiveNode): string {
  const value = join.arguments?.find(({ name }) => name.value === 'graph')?.value
  return value?.kind === Kind.ENUM ? value.value : ''
}

function namedType({ type }: FieldDefinitionNode): string {
  let bare = type
  while (bare.kind !== Kind.NAMED_TYPE) bare = bare.type
  return bare.name.value
}
