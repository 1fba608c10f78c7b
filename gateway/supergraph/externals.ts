import { type ConstDirectiveNode, type DocumentNode, type FieldDefinitionNode, type InterfaceTypeDefinitionNode, Kind } from 'graphql'
import { parseDirectives } from '../plan/directives.ts'
import { parseSelections } from '../plan/selections.ts'
import { directiveArguments } from './ast.ts'

/**
 * Some compositions do not write down that an interface object has a field from elsewhere, only to require it: then it looks as if every subgraph had the field.
 * What an interface object requires is not its own, so this is written down here. The same document where nothing is missing.
 */
export function withExternals(supergraph: DocumentNode): DocumentNode {
  let changed = false
  const definitions = supergraph.definitions.map((definition) => {
    if (definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) return definition
    const required = requiredIn(definition)
    if (required.size === 0) return definition
    const fields = (definition.fields ?? []).map((field): FieldDefinitionNode => {
      const graphs = required.get(field.name.value)
      if (graphs === undefined || (field.directives ?? []).some(({ name }) => name.value === 'join__field')) return field
      changed = true
      const all = new Set(directiveArguments(definition, 'join__type').flatMap(({ graph }) => graph ?? []))
      const joins = [...all].map((graph) => `@join__field(graph: ${graph}${graphs.has(graph) ? ', external: true' : ''})`).join(' ')
      return { ...field, directives: [...(field.directives ?? []), ...parseDirectives(joins)] }
    })
    return { ...definition, fields }
  })
  return changed ? { ...supergraph, definitions } : supergraph
}

/** By field, the subgraphs of which an interface object requires it; those whose keys have it know it themselves. */
function requiredIn(definition: InterfaceTypeDefinitionNode): ReadonlyMap<string, ReadonlySet<string>> {
  const objects = new Set((definition.directives ?? []).filter((join) => isInterfaceObject(join)).flatMap((join) => directiveArguments({ directives: [join] }, 'join__type').map(({ graph }) => graph)))
  const ofKeys = new Set(directiveArguments(definition, 'join__type').flatMap(({ graph = '', key }) => (key === undefined ? [] : namesIn(key).map((name) => `${graph} ${name}`))))
  const required = new Map<string, Set<string>>()
  for (const field of definition.fields ?? []) {
    for (const { graph = '', requires } of directiveArguments(field, 'join__field')) {
      if (requires === undefined || !objects.has(graph)) continue
      for (const name of namesIn(requires)) if (!ofKeys.has(`${graph} ${name}`)) required.set(name, (required.get(name) ?? new Set()).add(graph))
    }
  }
  return required
}

function isInterfaceObject({ name, arguments: given = [] }: ConstDirectiveNode): boolean {
  return name.value === 'join__type' && given.some((argument) => argument.name.value === 'isInterfaceObject' && argument.value.kind === Kind.BOOLEAN && argument.value.value)
}

function namesIn(fields: string): string[] {
  return parseSelections(fields).selections.flatMap((selection) => (selection.kind === Kind.FIELD ? [selection.name.value] : []))
}
