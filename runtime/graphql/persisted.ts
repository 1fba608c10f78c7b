import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { AisleError, type ErrorCode } from '../errors.ts'
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

/** Documents that clients have sent together with their hash, by hash. */
export interface DocumentRegistry {
  get(hash: string): string | undefined
  set(hash: string, document: string): void
}

/** Which documents are served: those of the manifest by id and, unless `persistedOnly`, any that a client sends. */
export interface DocumentPolicy {
  readonly manifest: Manifest | null
  readonly persistedOnly: boolean
  /** Where automatic persisted queries are kept; they are off without it, and where `persistedOnly` holds. */
  readonly automatic?: DocumentRegistry | null
  /** The manifest's documents, for clients that send them themselves. */
  readonly safelist?: Safelist | null
  /** Of documents that clients send, only those of the safelist are served. */
  readonly safelistOnly?: boolean
  /** Told about every document that is served although it is not in the manifest. */
  readonly onUnlisted?: (document: string) => void
}

/** Documents that may be sent as such. */
export interface Safelist {
  has(document: string): boolean
}

/** A longer document is not registered; its client sends it each time. */
const maxRegisteredLength = 65_536

/**
 * The document that a request asks for.
 * @throws AisleError BAD_REQUEST and the PERSISTED_QUERY family, as Apollo Router does
 */
export function resolveDocument(parameters: Parameters, policy: DocumentPolicy): string {
  const { query, documentId, persistedHash } = parameters
  const { manifest, persistedOnly } = policy
  // Whoever may register documents is not held to a list of them.
  const automatic = persistedOnly || policy.safelistOnly === true ? null : (policy.automatic ?? null)
  const id = documentId === null ? persistedHash : withoutAlgorithm(documentId)
  if (id === null) {
    if (persistedOnly) throw new AisleError('PERSISTED_QUERY_ID_REQUIRED')
    if (query === '') throw new AisleError('BAD_REQUEST', 'The request holds neither "query" nor "documentId".')
    checkListed(query, policy)
    return query
  }
  if (query !== '') {
    if (documentId === null && createHash('sha256').update(query).digest('hex') !== id) throw new AisleError('PERSISTED_QUERY_HASH_MISMATCH')
    if (documentId !== null || automatic === null) throw new AisleError('CANNOT_SEND_PQ_ID_AND_BODY')
    if (query.length <= maxRegisteredLength) automatic.set(id, query)
    checkListed(query, policy)
    return query
  }
  const listed = manifest?.get(id)
  if (listed !== undefined) return listed
  if (documentId !== null) throw new AisleError('PERSISTED_QUERY_NOT_IN_LIST')
  const registered = automatic?.get(id)
  if (registered === undefined) throw new AisleError(codeOfUnknownHash(automatic !== null, manifest !== null))
  checkListed(registered, policy)
  return registered
}

/** @throws AisleError QUERY_NOT_IN_SAFELIST */
function checkListed(document: string, { safelist, safelistOnly = false, onUnlisted }: DocumentPolicy): void {
  if (!safelistOnly && onUnlisted === undefined) return
  if (safelist?.has(document) === true) return
  if (safelistOnly) throw new AisleError('QUERY_NOT_IN_SAFELIST')
  onUnlisted?.(document)
}

/** True when a request asks by id for a document of the manifest. */
export function isListed({ query, documentId, persistedHash }: Parameters, { manifest }: DocumentPolicy): boolean {
  const id = documentId === null ? persistedHash : withoutAlgorithm(documentId)
  return query === '' && id !== null && manifest !== null && manifest.has(id)
}

/** A client that tries automatic persisted queries reads "not found" as "send the document once", "not supported" as "stop asking". */
function codeOfUnknownHash(hasRegistry: boolean, hasManifest: boolean): ErrorCode {
  if (hasRegistry) return 'PERSISTED_QUERY_NOT_FOUND'
  return hasManifest ? 'PERSISTED_QUERY_NOT_IN_LIST' : 'PERSISTED_QUERY_NOT_SUPPORTED'
}

function withoutAlgorithm(documentId: string): string {
  return documentId.startsWith('sha256:') ? documentId.slice('sha256:'.length) : documentId
}
