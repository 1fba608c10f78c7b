import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { buildASTSchema, Kind, parse, print, validate, type DocumentNode, type OperationDefinitionNode } from 'graphql'
import { AisleError } from '../runtime/errors.ts'
import { publicSchema } from './compose.ts'
import { schemaFile } from './files.ts'

/** One persisted operation, as Apollo's manifest has it. */
export interface PersistedOperation {
  /** Lower-case hex SHA-256 of `body`. */
  readonly id: string
  readonly name: string
  readonly type: 'query' | 'mutation' | 'subscription'
  readonly body: string
}

/** Apollo's persisted query manifest, version 1. */
export interface Manifest {
  readonly format: 'apollo-persisted-query-manifest'
  readonly version: 1
  readonly operations: readonly PersistedOperation[]
}

/** The front ends that have operations of their own, one folder each. */
export const apps = ['web', 'app', 'display', 'staff'] as const

/** The id that the body of an operation is known by. */
export function operationIdOf(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

/**
 * The manifest of `operations/<app>/*.graphql`: one operation a file, valid against the supergraph, names unique.
 * @throws AisleError CONFIG_INVALID naming the file at fault.
 */
export async function buildManifest(supergraph: string): Promise<Manifest> {
  const schema = buildASTSchema(publicSchema(supergraph))
  const operations: PersistedOperation[] = []
  for (const app of apps) {
    const folder = schemaFile(`operations/${app}/`)
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.graphql')).toSorted()) {
      const label = `operations/${app}/${file}`
      const document = parse(await readFile(new URL(file, folder), 'utf8'))
      const problems = validate(schema, document)
      if (problems.length > 0) throw fault(label, problems.map((problem) => problem.message).join('; '))
      const definition = onlyOperation(document, label)
      const name = definition.name?.value
      if (name === undefined) throw fault(label, 'the operation needs a name')
      if (operations.some((known) => known.name === name)) throw fault(label, `another operation is named ${name} already`)
      const body = print(document)
      operations.push({ id: operationIdOf(body), name, type: definition.operation, body })
    }
  }
  return { format: 'apollo-persisted-query-manifest', version: 1, operations }
}

function onlyOperation(document: DocumentNode, label: string): OperationDefinitionNode {
  const found = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const [operation] = found
  if (operation === undefined || found.length > 1) throw fault(label, 'a file holds exactly one operation')
  return operation
}

function fault(label: string, problem: string): AisleError {
  return new AisleError('CONFIG_INVALID', `schema/${label}: ${problem}.`)
}
