import { createHash } from 'node:crypto'
import { getOperationAST, parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql'
import { AisleError } from '../../../runtime/errors.ts'
import type { Parameters } from '../../../runtime/graphql/parameters.ts'
import { readManifest, resolveDocument } from '../../../runtime/graphql/persisted.ts'

/** A persisted operation, parsed and validated once. */
export interface PreparedOperation {
  readonly id: string
  readonly source: string
  readonly document: DocumentNode
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly name: string
  /** In the order of their declaration. */
  readonly variableNames: readonly string[]
}

/** The operations this node answers, and none else. */
export interface OperationList {
  readonly byName: ReadonlyMap<string, { readonly id: string; readonly operation: PreparedOperation }>
  readonly byId: ReadonlyMap<string, PreparedOperation>
  /** Changes with the manifest. */
  readonly version: string
  /** @throws AisleError of the PERSISTED_QUERY family, BAD_REQUEST, OPERATION_RESOLUTION_FAILURE */
  find(parameters: Parameters): PreparedOperation
}

/**
 * Reads a manifest and checks every operation against the schema, so that none can fail for its text later.
 * @throws AisleError CONFIG_INVALID naming the operation at fault.
 */
export async function loadOperations(file: string, schema: GraphQLSchema): Promise<OperationList> {
  const manifest = await readManifest(file)
  const bySource = new Map<string, PreparedOperation>()
  const byName = new Map<string, { id: string; operation: PreparedOperation }>()
  const byId = new Map<string, PreparedOperation>()
  for (const [id, source] of manifest) {
    const operation = prepareOperation(id, source, schema)
    bySource.set(source, operation)
    byName.set(operation.name, { id, operation })
    byId.set(id, operation)
  }
  const version = createHash('sha256').update(JSON.stringify([...manifest])).digest('base64url').slice(0, 8)
  return {
    byName,
    byId,
    version,
    find(parameters) {
      const operation = bySource.get(resolveDocument(parameters, { manifest, persistedOnly: true }))
      if (operation === undefined) throw new AisleError('PERSISTED_QUERY_NOT_IN_LIST')
      if (parameters.operationName !== null && parameters.operationName !== operation.name) {
        throw new AisleError('OPERATION_RESOLUTION_FAILURE', `The persisted operation is named ${operation.name}, not ${parameters.operationName}.`)
      }
      return operation
    },
  }
}

/** Parses and validates one operation. @throws AisleError CONFIG_INVALID */
export function prepareOperation(id: string, source: string, schema: GraphQLSchema): PreparedOperation {
  const document = parse(source)
  const problems = validate(schema, document)
  if (problems.length > 0) {
    throw new AisleError('CONFIG_INVALID', `The persisted operation ${id} does not match the schema: ${problems.map((problem) => problem.message).join('; ')}`)
  }
  const definition = getOperationAST(document)
  if (definition === null || definition === undefined) throw new AisleError('CONFIG_INVALID', `The persisted operation ${id} must hold exactly one operation.`)
  const variableNames = (definition.variableDefinitions ?? []).map(({ variable }) => variable.name.value)
  return { id, source, document, type: definition.operation, name: definition.name?.value ?? id, variableNames }
}
