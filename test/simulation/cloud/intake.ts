import { AisleError } from '../../../runtime/errors.ts'
import type { DeliveredOperation, DeliveryAnswerItem } from '../../../edge-cache/protocol.ts'
import type { ReportReadings } from '../../../subgraphs/device/commands.ts'
import type { RecordCount, RecordMovement } from '../../../subgraphs/inventory/commands.ts'
import { refused } from '../../../subgraphs/shared/commands.ts'
import { payloadHash } from '../../../subgraphs/shared/once.ts'
import type { Count } from '../tally.ts'
import type { Commands } from './commands.ts'
import type { Rows } from './rows.ts'

/** Takes what a store delivers as origin does: each write in a transaction with its outcome, none in the way of another. */
export function takeDelivery(rows: Rows, commands: Commands, storeId: string, operations: readonly DeliveredOperation[], recordedAt: number, unknownKinds: ReadonlySet<string> = new Set(), count: Count = () => {}): DeliveryAnswerItem[] {
  return operations.map((operation): DeliveryAnswerItem => {
    const { incarnation, n } = operation
    try {
      if (unknownKinds.has(operation.kind)) {
        count('delivered: of a kind unknown there')
        throw new AisleError('BAD_REQUEST', `This origin knows no write of kind ${operation.kind}.`)
      }
      return { incarnation, n, outcome: take(rows, commands, storeId, operation, recordedAt, count) }
    } catch (error) {
      if (!AisleError.is(error)) throw error
      return { incarnation, n, fault: { code: error.code, message: error.message } }
    }
  })
}

function take(rows: Rows, commands: Commands, storeId: string, operation: DeliveredOperation, recordedAt: number, count: Count): Record<string, unknown> {
  const { incarnation, n, operationId, kind, payload, hash } = operation
  if (payloadHash({ kind, payload }) !== hash) throw new AisleError('BAD_REQUEST', 'The write is not what its hash says.')
  const known = rows.get('edge_operation', [storeId, incarnation, n])
  if (known !== null) {
    count('delivered: again')
    if (known.payload_hash === hash) return JSON.parse(String(known.outcome)) as Record<string, unknown>
    return { ...refused('OPERATION_ID_REUSED', `Number ${n} of incarnation ${incarnation} was delivered before with other input.`) }
  }
  const outcome = run(commands, storeId, operation)
  if (Array.isArray(outcome.userErrors) && outcome.userErrors.length > 0) count('delivered: refused by a rule')
  rows.write({
    entity: 'edge_operation',
    row: { store_id: storeId, incarnation, n, operation_id: operationId, payload_hash: hash, outcome: JSON.stringify(outcome), recorded_at: recordedAt },
  })
  return outcome
}

const known: ReadonlySet<string> = new Set(['recordStockMovement', 'recordStockCount', 'reportReadings'])

function run(commands: Commands, storeId: string, { kind, payload, principal, receivedAt }: DeliveredOperation): Record<string, unknown> {
  const context = { principal, now: receivedAt }
  if (!known.has(kind)) throw new AisleError('BAD_REQUEST', `This origin knows no write of kind ${kind}.`)
  if (kind === 'reportReadings') return { ...commands.readings(payload as ReportReadings, context) }
  const command = payload as RecordMovement | RecordCount
  if (command.storeId !== storeId) throw new AisleError('OUT_OF_SCOPE', `The node of store ${storeId} can't write for store ${command.storeId}.`)
  return kind === 'recordStockMovement' ? { ...commands.movement(command as RecordMovement, context) } : { ...commands.count(command as RecordCount, context) }
}
