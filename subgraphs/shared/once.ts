import { createHash } from 'node:crypto'
import type { Transaction } from 'kysely'
import { AisleError } from '../../runtime/errors.ts'
import type { Database } from '../storage/database.ts'

/** JSON with sorted keys, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

/** Whether any text of a value has the character U+0000, which Postgres can't hold. */
export function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  return typeof value === 'object' && value !== null && Object.entries(value).some(([key, part]) => holdsNul(key) || holdsNul(part))
}

/** @throws AisleError BAD_USER_INPUT for input that can't be kept. */
export function requireKeepable(value: unknown): void {
  if (holdsNul(value)) throw new AisleError('BAD_USER_INPUT', 'The input holds the character U+0000, which cannot be kept.')
}

/** Lower-case hex SHA-256 of the canonical JSON: says whether two operations ask for the same. */
export function payloadHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** One write a client named. */
export interface NamedOperation {
  readonly principal: string
  readonly operationId: string
  readonly kind: string
  readonly payload: unknown
  /** Epoch milliseconds. */
  readonly now: number
}

/**
 * Runs `effect` once for (principal, operationId), in the caller's transaction: whoever comes second waits on the
 * row's lock, then gets the stored outcome; with another payload it gets 'reused' and nothing changes.
 */
export async function once<Result>(transaction: Transaction<Database>, operation: NamedOperation, effect: () => Promise<Result>): Promise<Result | 'reused'> {
  const { principal, operationId, kind } = operation
  requireKeepable([principal, operationId, operation.payload])
  const hash = payloadHash({ kind, payload: operation.payload })
  const claimed = await transaction
    .insertInto('operation')
    .values({ principal, operation_id: operationId, kind, payload_hash: hash, outcome: 'null', recorded_at: operation.now })
    .onConflict((conflict) => conflict.columns(['principal', 'operation_id']).doNothing())
    .executeTakeFirst()
  if (claimed.numInsertedOrUpdatedRows === 0n) {
    const known = await transaction
      .selectFrom('operation')
      .select(['payload_hash', 'outcome'])
      .where('principal', '=', principal)
      .where('operation_id', '=', operationId)
      .executeTakeFirstOrThrow()
    return known.payload_hash === hash ? (JSON.parse(known.outcome) as Result) : 'reused'
  }
  const result = await effect()
  await transaction
    .updateTable('operation')
    .set({ outcome: JSON.stringify(result) })
    .where('principal', '=', principal)
    .where('operation_id', '=', operationId)
    .execute()
  return result
}
