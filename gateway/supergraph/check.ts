import { type DocumentNode, isTypeDefinitionNode, Kind, specifiedScalarTypes, visit } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'

/** A supergraph of which a part was lost or doubled must not be served as if nothing had happened. @throws AisleError SUPERGRAPH_INVALID */
export function checkDefinitions(supergraph: DocumentNode): void {
  const defined = new Set<string>()
  const graphs = new Set<string>()
  for (const definition of supergraph.definitions) {
    if (!isTypeDefinitionNode(definition)) continue
    const name = definition.name.value
    if (defined.has(name)) throw invalid(`it defines ${name} twice`)
    defined.add(name)
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION && name === 'join__Graph') for (const value of definition.values ?? []) graphs.add(value.name.value)
  }
  for (const { name } of specifiedScalarTypes) defined.add(name)
  visit(supergraph, {
    NamedType({ name }) {
      if (!defined.has(name.value)) throw invalid(`it names ${name.value}, which it does not define`)
    },
    Directive({ name, arguments: given = [] }) {
      if (!name.value.startsWith('join__')) return
      for (const { name: argument, value } of given) {
        if (argument.value === 'graph' && value.kind === Kind.ENUM && !graphs.has(value.value)) throw invalid(`it names the subgraph ${value.value}, which it does not define`)
      }
    },
  })
}

function invalid(reason: string): AisleError {
  return new AisleError('SUPERGRAPH_INVALID', `The supergraph cannot be used: ${reason}.`)
}
