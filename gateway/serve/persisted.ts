import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { AisleError } from '../../runtime/errors.ts'
import type { Parameters } from './parameters.ts'

/** Documents by id. */
export type Manifest = ReadonlyMap<string, string>

const manifestFormat = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string().min(1), body: z.string().min(1), name: z.string(), type: z.enum(['query', 'mutation', 'subscription']) })),
})

/** Reads a manifest in Apollo's format. @throws AisleError CONFIG_INVALID */
export async function readManifest(file: string): Promise<Manifest> {
  try {
    const { operations } = manifestFormat.parse(JSON.parse(await readFile(file, 'utf8')))
    return new Map(operations.map(({ id, body }) => [id, body]))
  } catch (error) {
    throw new AisleError('CONFIG_INVALID', `The manifest ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** Which documents are served: those of the manifest by id and, unless `persistedOnly`, any that a client sends. */
export interface DocumentPolicy {
  readonly manifest: Manifest | null
  readonly persistedOnly: boolean
}

/**
 * The document that a request asks for.
 * @throws AisleError BAD_REQUEST and the PERSISTED_QUERY family, as Apollo Router does
 */
export function resolveDocument({ query, documentId, persistedHash }: Parameters, { manifest, persistedOnly }: DocumentPolicy): string {
  const id = documentId === null ? persistedHash : documentId.replace(/^sha256:/, '')
  if (id === null) {
    if (persistedOnly) throw new AisleError('PERSISTED_QUERY_ID_REQUIRED')
    if (query === '') throw new AisleError('BAD_REQUEST', 'The request holds neither "query" nor "documentId".')
    return query
  }
  if (query !== '') {
    if (documentId === null && createHash('sha256').update(query).digest('hex') !== id) throw new AisleError('PERSISTED_QUERY_HASH_MISMATCH')
    throw new AisleError('CANNOT_SEND_PQ_ID_AND_BODY')
  }
  const document = manifest?.get(id)
  if (document !== undefined) return document
  // A client that tries automatic persisted queries reads this as "send the document, and stop asking".
  if (documentId === null && manifest === null) throw new AisleError('PERSISTED_QUERY_NOT_SUPPORTED')
  throw new AisleError('PERSISTED_QUERY_NOT_IN_LIST')
}
