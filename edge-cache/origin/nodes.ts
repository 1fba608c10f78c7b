import { createHash, randomBytes } from 'node:crypto'
import { calculateJwkThumbprint, decodeProtectedHeader, errors, importJWK, jwtVerify, type JWK } from 'jose'
import { AisleError } from '../../runtime/errors.ts'
import { BoundedMap } from '../../runtime/identity/bounded.ts'
import { bearerToken } from '../../runtime/identity/bearer.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { nodeToken, type EnrolRequest } from '../enrolment.ts'
import { Lookups } from './lookups.ts'

/** How long a node that was found is not looked up again, in milliseconds: a revoked one is refused from then on. */
const rememberedMs = 2_000
const rememberedNodes = 10_000
/** By how much a node's idea of the time may differ; nodes learn origin's from its answers, in seconds. */
const toleranceSeconds = 60
/** Letters and digits of a code that nobody mistakes for one another. */
const codeAlphabet = 'ABCDEFGHJKMNPQRSTVWXYZ23456789'
const codeLength = 20

/** An enrolled node. */
export interface NodeRow {
  readonly id: string
  readonly storeId: string
  readonly publicKey: JWK
  /** Epoch milliseconds. */
  readonly enrolledAt: number
  readonly revokedAt: number | null
}

/** The nodes that origin knows, and how they make themselves known. */
export class NodeDirectory {
  readonly #storage: PostgresStorage
  readonly #seen = new BoundedMap<string, { readonly node: NodeRow; readonly at: number }>(rememberedNodes)
  readonly #lookups: Lookups<NodeRow>

  constructor(storage: PostgresStorage) {
    this.#storage = storage
    this.#lookups = new Lookups(async (ids) => {
      const { rows } = await storage.pool.query<StoredNode>('select * from node where id = any($1)', [ids])
      return new Map(rows.map((row) => [row.id, toNode(row)]))
    })
  }

  /**
   * Makes a code that enrols one node of a store, once.
   * @param validMs how long it is good for
   * @throws AisleError STORE_UNKNOWN
   */
  async createCode(storeId: string, validMs: number): Promise<{ readonly code: string; readonly expiresAt: number }> {
    const known = await this.#storage.pool.query('select 1 from store where id = $1', [storeId])
    if (known.rowCount === 0) throw new AisleError('STORE_UNKNOWN', `There is no store ${storeId}.`)
    const code = randomCode()
    const now = Date.now()
    await this.#storage.pool.query('insert into node_code (code_hash, store_id, created_at, expires_at) values ($1, $2, $3, $4)', [hashOf(code), storeId, now, now + validMs])
    return { code, expiresAt: now + validMs }
  }

  /**
   * Enrols the holder of a key; the same request again gets the same answer, for the first may have been lost on its way.
   * @throws AisleError ENROLMENT_REFUSED, NODE_REVOKED
   */
  async enrol({ code, publicKey, storeId, proof }: EnrolRequest): Promise<{ readonly nodeId: string; readonly storeId: string }> {
    const nodeId = await calculateJwkThumbprint(publicKey)
    await requireProof(publicKey, proof, code)
    const now = Date.now()
    // One statement: of two nodes with the same code, the second finds it used.
    const taken = await this.#storage.pool.query<{ store_id: string }>(
      `with code as (
         update node_code set used_by = $2
         where code_hash = $1 and store_id = $3 and (used_by = $2 or (used_by is null and expires_at > $4))
         returning store_id
       ), added as (
         insert into node (id, store_id, public_key, enrolled_at) select $2, store_id, $5, $4 from code on conflict (id) do nothing
       )
       select store_id from code`,
      [hashOf(code), nodeId, storeId, now, JSON.stringify(publicKey)],
    )
    if (taken.rowCount === 0) throw new AisleError('ENROLMENT_REFUSED', 'The enrolment code is unknown, used, expired, or of another store.')
    const node = await this.#lookups.find(nodeId)
    if (node?.revokedAt != null) throw new AisleError('NODE_REVOKED')
    if (node?.storeId !== storeId) throw new AisleError('ENROLMENT_REFUSED', 'This key is enrolled for another store.')
    return { nodeId, storeId }
  }

  /** Takes nodes out of service: one by its id, or all of a store. @returns the ids of those that were in service */
  async revoke(which: { readonly nodeId: string } | { readonly storeId: string }): Promise<string[]> {
    const [column, value] = 'nodeId' in which ? ['id', which.nodeId] : ['store_id', which.storeId]
    const { rows } = await this.#storage.pool.query<{ id: string }>(`update node set revoked_at = $2 where ${column} = $1 and revoked_at is null returning id`, [value, Date.now()])
    for (const { id } of rows) this.#seen.delete(id)
    return rows.map(({ id }) => id)
  }

  async list(): Promise<NodeRow[]> {
    const { rows } = await this.#storage.pool.query<StoredNode>('select * from node order by store_id, enrolled_at')
    return rows.map(toNode)
  }

  /**
   * Makes sure that a request for a store comes from an enrolled node of that store.
   * @throws AisleError NODE_UNKNOWN, NODE_REVOKED, OUT_OF_SCOPE
   */
  async require(authorization: string | undefined, storeId: string): Promise<void> {
    const token = bearerToken(authorization)
    if (token === null) throw new AisleError('NODE_UNKNOWN', 'This origin answers enrolled nodes only.')
    const node = await this.#remembered(keyIdOf(token))
    if (node === null) throw new AisleError('NODE_UNKNOWN', 'This origin has not enrolled the node.')
    await verify(token, node.publicKey, nodeToken.type)
    if (node.revokedAt !== null) throw new AisleError('NODE_REVOKED', 'This node has been revoked.', { details: { nodeId: node.id } })
    if (node.storeId !== storeId) throw new AisleError('OUT_OF_SCOPE', `The node of store ${node.storeId} is not for store ${storeId}.`)
  }

  async #remembered(id: string): Promise<NodeRow | null> {
    const seen = this.#seen.get(id)
    if (seen !== undefined && performance.now() - seen.at < rememberedMs) return seen.node
    const node = await this.#lookups.find(id)
    if (node !== null) this.#seen.set(id, { node, at: performance.now() })
    return node
  }
}

interface StoredNode {
  readonly id: string
  readonly store_id: string
  readonly public_key: string
  readonly enrolled_at: string | number
  readonly revoked_at: string | number | null
}

function toNode({ id, store_id, public_key, enrolled_at, revoked_at }: StoredNode): NodeRow {
  return { id, storeId: store_id, publicKey: JSON.parse(public_key) as JWK, enrolledAt: Number(enrolled_at), revokedAt: revoked_at === null ? null : Number(revoked_at) }
}

function keyIdOf(token: string): string {
  try {
    return decodeProtectedHeader(token).kid ?? ''
  } catch (cause) {
    throw new AisleError('NODE_UNKNOWN', 'This is no token of a node.', { cause })
  }
}

/** @throws AisleError NODE_UNKNOWN */
async function verify(token: string, publicKey: JWK, typ: string): Promise<Record<string, unknown>> {
  try {
    const key = await importJWK(publicKey, nodeToken.algorithm)
    const { payload } = await jwtVerify(token, key, { typ, audience: nodeToken.audience, algorithms: [nodeToken.algorithm], clockTolerance: toleranceSeconds, requiredClaims: ['exp'] })
    return payload
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error
    const reason = error instanceof errors.JWTExpired ? 'The node\'s token has expired: its clock may be wrong.' : 'The node\'s token cannot be believed.'
    throw new AisleError('NODE_UNKNOWN', reason)
  }
}

/** @throws AisleError ENROLMENT_REFUSED when the request was not signed with its own key, for this code */
async function requireProof(publicKey: JWK, proof: string, code: string): Promise<void> {
  const claims = await verify(proof, publicKey, nodeToken.enrolType).catch((error: unknown) => {
    throw AisleError.is(error) ? new AisleError('ENROLMENT_REFUSED', 'The request is not signed with the key that it brings.') : error
  })
  if (claims.code !== hashOf(code)) throw new AisleError('ENROLMENT_REFUSED', 'The request is signed for another code.')
}

function randomCode(): string {
  // Bytes beyond a whole multiple of the alphabet would make its first letters likelier.
  const most = 256 - (256 % codeAlphabet.length)
  let code = ''
  while (code.length < codeLength) {
    for (const byte of randomBytes(codeLength)) if (byte < most && code.length < codeLength) code += codeAlphabet[byte % codeAlphabet.length] ?? ''
  }
  return code.replaceAll(/(.{5})(?=.)/g, '$1-')
}

/** Codes are random enough for a plain hash: nothing to guess. */
export function hashOf(code: string): string {
  return createHash('sha256').update(code.trim().toUpperCase()).digest('hex')
}
