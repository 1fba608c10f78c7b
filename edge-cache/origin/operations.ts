import { sql, type Transaction } from 'kysely'
import { AisleError } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { refused } from '../../subgraphs/shared/commands.ts'
import { holdsNul, payloadHash } from '../../subgraphs/shared/once.ts'
import type { Database } from '../../subgraphs/storage/database.ts'
import { databaseFault } from '../../subgraphs/storage/postgres/faults.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import type { DeliveredOperation, DeliveryAnswerItem } from '../protocol.ts'
import { effects } from './effects.ts'
import { isUnavailable } from './refusal.ts'

export interface TakeOptions {
  readonly log: Logger
  /** Most milliseconds that one statement may take: a write that is held up must not hold up the others' connections. */
  readonly statementTimeoutMs: number
}

/** How often a transaction is tried that Postgres broke off to let another pass. */
const mostTries = 4

/**
 * Runs what a store's node accepted, each write in a transaction of its own with its outcome: a refused write is recorded as
 * refused, and one that fails is reported and leaves the others alone. What was recorded before gets its stored outcome.
 * @throws AisleError DATABASE_UNAVAILABLE: what was recorded stays recorded, the node delivers again.
 */
export async function takeOperations(storage: PostgresStorage, storeId: string, operations: readonly DeliveredOperation[], { log, statementTimeoutMs }: TakeOptions): Promise<DeliveryAnswerItem[]> {
  const answers: DeliveryAnswerItem[] = []
  for (const operation of operations) {
    const { incarnation, n } = operation
    try {
      answers.push({ incarnation, n, outcome: await tryAgain(() => take(storage, storeId, operation, statementTimeoutMs)) })
    } catch (error) {
      if (isUnavailable(error)) throw new AisleError('DATABASE_UNAVAILABLE', undefined, { cause: error })
      log.error({ err: error, storeId, incarnation, n, kind: operation.kind }, 'a delivered write could not be run')
      const fault = AisleError.is(error) ? error : databaseFault(error) ?? new AisleError('INTERNAL_SERVER_ERROR', undefined, { cause: error })
      answers.push({ incarnation, n, fault: { code: fault.code, message: fault.message } })
    }
  }
  return answers
}

/** An outcome as it is kept: JSON. */
type Recorded = Record<string, unknown>

function take(storage: PostgresStorage, storeId: string, operation: DeliveredOperation, statementTimeoutMs: number): Promise<Recorded> {
  const { incarnation, n, operationId, kind, payload, hash } = operation
  if (payloadHash({ kind, payload }) !== hash) {
    throw new AisleError('BAD_REQUEST', `Write ${n} of incarnation ${incarnation} is not what its hash says: it was damaged on its way or on the node.`)
  }
  return storage.db.transaction().execute(async (transaction) => {
    // Two deliveries of the same write wait for each other here, so that its row enters the log once, together with its effect.
    await sql`select set_config('statement_timeout', ${String(statementTimeoutMs)}, true), pg_advisory_xact_lock(hashtextextended(${JSON.stringify([storeId, incarnation, n])}, 0))`.execute(transaction)
    const known = await recorded(transaction, storeId, operation)
    if (known !== undefined) {
      if (known.payload_hash === hash) return JSON.parse(known.outcome) as Recorded
      return { ...refused('OPERATION_ID_REUSED', `Number ${n} of incarnation ${incarnation} was delivered before with other input.`) }
    }
    // A node of an older version took what can't be kept: it is refused for good, for it would be offered again for ever.
    const outcome: Recorded = holdsNul(operation) ? unkeepable(kind) : await effects(kind)(transaction, storeId, operation)
    await transaction
      .insertInto('edge_operation')
      .values({ store_id: storeId, incarnation, n, operation_id: operationId.replaceAll('\0', '\ufffd'), payload_hash: hash, outcome: JSON.stringify(outcome), recorded_at: Date.now() })
      .execute()
    return outcome
  })
}

function unkeepable(kind: string): Recorded {
  return { ...refused(kind === 'reportReadings' ? 'INVALID_READING' : 'INVALID_QUANTITY', 'The input holds the character U+0000, which cannot be kept.') }
}

function recorded(transaction: Transaction<Database>, storeId: string, { incarnation, n }: DeliveredOperation) {
  return transaction
    .selectFrom('edge_operation')
    .select(['payload_hash', 'outcome'])
    .where('store_id', '=', storeId)
    .where('incarnation', '=', incarnation)
    .where('n', '=', n)
    .executeTakeFirst()
}

/** Deadlocks and serialisation failures are nobody's fault. */
async function tryAgain<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (tries === mostTries || (code !== '40001' && code !== '40P01')) throw error
    }
  }
}
