import {
  Kind, print,
  type ConstDirectiveNode, type DefinitionNode, type FieldDefinitionNode, type ObjectTypeDefinitionNode, type ObjectTypeExtensionNode,
} from 'graphql'
import { plainDirectives, readRequirements, type Requirement } from '../../../runtime/identity/requirement.ts'
import { AisleError } from '../../../runtime/errors.ts'
import type { EntityKey, MergedDefinitions, SchemaModule } from './parts.ts'

/** What graphql itself understands; every other directive is federation's, or this project's own marks. */
const keptDirectives = new Set(['deprecated', 'specifiedBy', 'oneOf'])

/**
 * Unites the definitions of several subgraphs into those of one schema: object types by the union of their fields,
 * everything else once.
 * @throws AisleError SUPERGRAPH_INVALID where two modules define the same thing differently.
 */
export function mergeDefinitions(modules: readonly SchemaModule[]): MergedDefinitions {
  const objects = new Map<string, { node: ObjectTypeDefinitionNode; fields: Map<string, FieldDefinitionNode> }>()
  const others = new Map<string, DefinitionNode>()
  const owners = new Map<string, string[]>()
  const entities = new Map<string, EntityKey[]>()
  const cloudOnly = new Set<string>()
  const access = new Map<string, Requirement[]>()

  for (const { name: module, typeDefs } of modules) {
    for (const definition of typeDefs.definitions) {
      refuseProtectedType(module, definition)
      if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION) {
        addObject(module, definition)
      } else if (isNamedType(definition)) {
        addOther(module, definition)
      }
    }
  }

  function addObject(module: string, definition: ObjectTypeDefinitionNode | ObjectTypeExtensionNode): void {
    const type = definition.name.value
    const known = objects.get(type)
    const { fields } = known ?? { fields: new Map<string, FieldDefinitionNode>() }
    if (known === undefined) {
      objects.set(type, { node: { ...definition, kind: Kind.OBJECT_TYPE_DEFINITION, directives: kept(definition.directives) }, fields })
    }
    const keys = (definition.directives ?? []).filter((directive) => directive.name.value === 'key')
    if (keys.length > 0) {
      entities.set(type, [...(entities.get(type) ?? []), { module, keys: keys.map((key) => keyFields(type, key)), resolvable: keys.some(isResolvable) }])
    }
    for (const field of definition.fields ?? []) {
      const label = `${type}.${field.name.value}`
      const clean = stripped(field)
      const before = fields.get(field.name.value)
      if (before !== undefined && shape(before) !== shape(clean)) throw conflict(label, module)
      if (before === undefined) fields.set(field.name.value, clean)
      owners.set(label, [...(owners.get(label) ?? []), module])
      const asked = readRequirements(field.directives, plainDirectives)
      if (asked.length > 0) access.set(label, [...(access.get(label) ?? []), ...asked])
      if (field.directives?.some((directive) => directive.name.value === 'cloudOnly') === true) cloudOnly.add(label)
    }
  }

  function addOther(module: string, definition: DefinitionNode & { name: { value: string } }): void {
    const clean = stripped(definition)
    const before = others.get(definition.name.value)
    if (before !== undefined && shape(before) !== shape(clean)) throw conflict(definition.name.value, module)
    others.set(definition.name.value, clean)
  }

  const definitions: DefinitionNode[] = [...objects.values()].map(({ node, fields }) => ({ ...node, fields: [...fields.values()] }))
  return { document: { kind: Kind.DOCUMENT, definitions: [...definitions, ...others.values()] }, owners, entities, access, cloudOnly }
}

/** Protection of a whole type is a gateway's matter; a node knows it at fields of objects, and must not miss any. */
function refuseProtectedType(module: string, definition: DefinitionNode): void {
  const directives = 'directives' in definition ? (definition.directives as readonly ConstDirectiveNode[]) : []
  const fields = definition.kind === Kind.INTERFACE_TYPE_DEFINITION ? (definition.fields ?? []) : []
  const asked = [directives, ...fields.map((field) => field.directives ?? [])].flatMap((all) => readRequirements(all, plainDirectives))
  if (asked.length > 0) throw new AisleError('SUPERGRAPH_INVALID', `${module} protects a type or an interface, which a store's node cannot: protect its fields.`)
}

function isNamedType(definition: DefinitionNode): definition is DefinitionNode & { name: { value: string } } {
  return (
    definition.kind === Kind.INTERFACE_TYPE_DEFINITION || definition.kind === Kind.UNION_TYPE_DEFINITION || definition.kind === Kind.ENUM_TYPE_DEFINITION ||
    definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION || definition.kind === Kind.SCALAR_TYPE_DEFINITION
  )
}

/** The fields of a @key; only plain ones, for that is what this graph uses. */
function keyFields(type: string, directive: ConstDirectiveNode): string[] {
  const value = directive.arguments?.find((argument) => argument.name.value === 'fields')?.value
  const fields = value?.kind === Kind.STRING ? value.value.trim().split(/\s+/) : []
  if (fields.length === 0 || fields.some((field) => !/^\w+$/.test(field))) {
    throw new AisleError('SUPERGRAPH_INVALID', `The key of ${type} must be a list of plain fields to be answered on a store's node.`)
  }
  return fields
}

function isResolvable(directive: ConstDirectiveNode): boolean {
  const value = directive.arguments?.find((argument) => argument.name.value === 'resolvable')?.value
  return !(value?.kind === Kind.BOOLEAN && !value.value)
}

function kept(directives: readonly ConstDirectiveNode[] | undefined): ConstDirectiveNode[] {
  return (directives ?? []).filter((directive) => keptDirectives.has(directive.name.value))
}

/** The node without foreign directives, at every depth. */
function stripped<Node>(node: Node): Node {
  return JSON.parse(
    JSON.stringify(node, (key, value: unknown) => {
      if (key === 'loc') return
      return key === 'directives' ? kept(value as ConstDirectiveNode[]) : value
    }),
  ) as Node
}

/** Text that is equal when two definitions mean the same, whatever their descriptions say. */
function shape(node: DefinitionNode | FieldDefinitionNode): string {
  return print(JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'description' ? undefined : value))) as DefinitionNode)
}

function conflict(label: string, module: string): AisleError {
  return new AisleError('SUPERGRAPH_INVALID', `${module} defines ${label} differently from another subgraph.`)
}
