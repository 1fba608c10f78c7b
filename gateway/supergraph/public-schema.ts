import { buildASTSchema, type DefinitionNode, type GraphQLSchema, Kind, parse, specifiedDirectives, specifiedScalarTypes } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'

const builtIn = new Set([...specifiedScalarTypes, ...specifiedDirectives].map((item) => item.name))

/**
 * Builds the schema that clients see. The planner's SDL also spells out introspection and the built-in scalars and
 * directives, which graphql-js brings itself.
 * @throws AisleError SUPERGRAPH_INVALID
 */
export function buildPublicSchema(clientSdl: string): GraphQLSchema {
  try {
    const document = parse(clientSdl, { noLocation: true })
    const definitions = document.definitions.flatMap((definition) => visibleDefinition(definition))
    return buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValidSDL: true })
  } catch (error) {
    throw new AisleError('SUPERGRAPH_INVALID', `The supergraph cannot be used: ${String(error)}`, { cause: error })
  }
}

function visibleDefinition(definition: DefinitionNode): DefinitionNode[] {
  if ('name' in definition && definition.name !== undefined) {
    const name = definition.name.value
    if (name.startsWith('__')) return []
    if (builtIn.has(name) && (definition.kind === Kind.SCALAR_TYPE_DEFINITION || definition.kind === Kind.DIRECTIVE_DEFINITION)) return []
  }
  if (definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.fields !== undefined) {
    return [{ ...definition, fields: definition.fields.filter((field) => !field.name.value.startsWith('__')) }]
  }
  return [definition]
}

