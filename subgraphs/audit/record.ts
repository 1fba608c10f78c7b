import { sql, type Transaction } from 'kysely'
import { currentRequest } from '../../runtime/request.ts'
import type { CommandContext, Outcome } from '../shared/commands.ts'
import type { Database } from '../storage/database.ts'

/** The writes of staff. What devices report by themselves is no act of anybody. */
const audited: ReadonlySet<string> = new Set(['recordStockMovement', 'recordStockCount', 'setPrice', 'registerDevice', 'showOnDevice'])

/** The ids that a command may name; nothing else of it is kept. */
interface Named {
  readonly operationId: string
  readonly storeId?: string | null
  readonly productId?: string
  readonly productIds?: readonly string[]
  readonly deviceId?: string
}

/** Longest text of an id that is kept, in characters, and most ids. */
const longest = 200
const mostSubjects = 100

/** Notes who did what and what came of it, in the transaction that does it: one is not there without the other. */
export async function recordAudit(transaction: Transaction<Database>, mutation: string, command: Named, { principal, now, source = 'cloud' }: CommandContext, { userErrors }: Outcome<unknown, string>): Promise<void> {
  if (!audited.has(mutation)) return
  const { operationId, storeId = null, productId, productIds = [], deviceId } = command
  const subjects = [deviceId, productId, ...productIds].filter((id) => id !== undefined).slice(0, mostSubjects)
  await transaction
    .insertInto('audit_log')
    .values({
      at: sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
      said_at: now,
      principal: keepable(principal),
      mutation,
      operation_id: keepable(operationId),
      // Whoever names only a device acts in the store where it stands.
      store_id: storeId !== null ? keepable(storeId) : deviceId === undefined ? null : sql`(select store_id from device where id = ${deviceId})`,
      subjects: JSON.stringify(subjects.map(keepable)),
      outcome: userErrors[0]?.code ?? 'ACCEPTED',
      source,
      request_id: currentRequest()?.id ?? null,
    })
    .execute()
}

function keepable(id: string): string {
  return id.slice(0, longest).replaceAll('\0', '\ufffd')
}
