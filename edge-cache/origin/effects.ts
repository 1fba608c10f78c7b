import type { Transaction } from 'kysely'
import { z } from 'zod'
import { AisleError } from '../../runtime/errors.ts'
import type { ReportReadings } from '../../subgraphs/device/commands.ts'
import { applyReadings } from '../../subgraphs/device/postgres-commands.ts'
import type { RecordCount, RecordMovement } from '../../subgraphs/inventory/commands.ts'
import { applyCount, applyMovement } from '../../subgraphs/inventory/postgres-commands.ts'
import type { CommandContext } from '../../subgraphs/shared/commands.ts'
import type { Database } from '../../subgraphs/storage/database.ts'
import type { DeliveredOperation } from '../protocol.ts'

/** Runs a delivered write in a transaction and returns its outcome; once for its principal and operationId, also when it came to the cloud directly. */
export type Effect = (transaction: Transaction<Database>, storeId: string, operation: DeliveredOperation) => Promise<Record<string, unknown>>

const instant = z.int().nullable()
const id = z.string().min(1)

const movement: z.ZodType<RecordMovement> = z.object({
  operationId: id,
  storeId: id,
  productId: id,
  kind: z.enum(['SALE', 'RECEIPT', 'RETURN', 'LOSS', 'TRANSFER', 'ADJUSTMENT', 'COUNT']),
  quantity: z.int(),
  occurredAt: instant,
})

const count: z.ZodType<RecordCount> = z.object({ operationId: id, storeId: id, productId: id, counted: z.int(), countedAt: instant })

const readings: z.ZodType<ReportReadings> = z.object({
  operationId: id,
  deviceId: id,
  readings: z.array(z.object({ metric: z.string(), at: z.int(), value: z.number() })),
})

const known: Readonly<Record<string, Effect>> = {
  recordStockMovement: effect(movement, applyMovement, (command) => command.storeId),
  recordStockCount: effect(count, applyCount, (command) => command.storeId),
  reportReadings: effect(readings, applyReadings, () => null),
}

/**
 * What a kind of write does.
 * @throws AisleError BAD_REQUEST for a kind that only a newer origin knows.
 */
export function effects(kind: string): Effect {
  const found = Object.hasOwn(known, kind) ? known[kind] : undefined
  if (found === undefined) throw new AisleError('BAD_REQUEST', `This origin knows no write of kind ${kind}: upgrade it.`)
  return found
}

/**
 * The payload is checked, and used as it came: what is compared when the same write comes another way is the client's own command.
 * A node writes for its own store alone.
 */
function effect<Command extends { readonly operationId: string }>(
  shape: z.ZodType<Command>,
  apply: (transaction: Transaction<Database>, command: Command, context: CommandContext) => Promise<object>,
  storeOf: (command: Command) => string | null,
): Effect {
  return async (transaction, storeId, { operationId, principal, payload, receivedAt }) => {
    const checked = shape.safeParse(payload)
    if (!checked.success) throw new AisleError('BAD_REQUEST', `The payload is not what this kind of write has: ${z.prettifyError(checked.error)}`)
    const command = payload as Command
    if (command.operationId !== operationId) throw new AisleError('BAD_REQUEST', 'The payload has another operationId than its write.')
    const ofStore = storeOf(command)
    if (ofStore !== null && ofStore !== storeId) throw new AisleError('OUT_OF_SCOPE', `The node of store ${storeId} can't write for store ${ofStore}.`)
    return { ...(await apply(transaction, command, { principal, now: receivedAt, source: `edge:${storeId}` })) }
  }
}
