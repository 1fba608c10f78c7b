import { type DocumentNode, type GraphQLSchema, GraphQLError, Kind, type OperationDefinitionNode, parse, validate } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { InvalidRequest } from './invalid-request.ts'

/**
 * @param maxTokens a document of more is refused before it is parsed any further; 0 for no limit
 * @throws InvalidRequest GRAPHQL_PARSE_FAILED
 */
export function parseDocument(text: string, maxTokens = 0): DocumentNode {
  return parseText(text, true, maxTokens)
}

/**
 * Locations are kept only to report what is wrong: a cached document is smaller without.
 * @throws InvalidRequest GRAPHQL_VALIDATION_FAILED
 */
export function validateDocument(schema: GraphQLSchema, document: DocumentNode, text: string): void {
  if (validate(schema, document).length > 0) throw InvalidRequest.of('GRAPHQL_VALIDATION_FAILED', validate(schema, parseText(text, false, 0)))
}

function parseText(text: string, noLocation: boolean, maxTokens: number): DocumentNode {
  try {
    return parse(text, { noLocation, ...(maxTokens === 0 ? {} : { maxTokens }) })
  } catch (error) {
    if (error instanceof GraphQLError) throw InvalidRequest.of('GRAPHQL_PARSE_FAILED', [error])
    throw error
  }
}

/** @throws AisleError OPERATION_RESOLUTION_FAILURE */
export function selectOperation(document: DocumentNode, name: string | null): OperationDefinitionNode {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const chosen = name === null ? operations : operations.filter((operation) => operation.name?.value === name)
  const [operation] = chosen
  if (operation === undefined) throw new AisleError('OPERATION_RESOLUTION_FAILURE', name === null ? 'The document holds no operation.' : `The document holds no operation named "${name}".`)
  if (chosen.length > 1) throw new AisleError('OPERATION_RESOLUTION_FAILURE', 'The document holds several operations: send operationName.')
  return operation
}
