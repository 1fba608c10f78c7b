import { openTestLog, type TestLog } from '../../../subgraphs/log/testing/test-log.ts'
import { createRoleContext, type RoleContext, type RunningRole } from '../../../runtime/role.ts'
import { protocolHeader, protocolVersion, type DeliveredOperation } from '../../protocol.ts'
import { payloadHash } from '../../../subgraphs/shared/once.ts'
import { originConfigSchema } from '../config.ts'
import { startOrigin } from '../origin.ts'

/** A running origin over a database of its own. */
export interface TestOrigin extends AsyncDisposable {
  readonly log: TestLog
  readonly url: string
  readonly context: RoleContext
  readonly role: RunningRole
}

export async function startTestOrigin(log?: TestLog, port = 0, more: Record<string, unknown> = {}): Promise<TestOrigin> {
  await using stack = new AsyncDisposableStack()
  const used = log ?? stack.use(await openTestLog())
  const context = createRoleContext('origin', 'silent')
  const config = originConfigSchema.parse({ databaseUrl: used.storage.connectionString, port, host: '127.0.0.1', tick: 1, lease: 1_000, ...more })
  const role = stack.use(await startOrigin(config, context))
  const resources = stack.move()
  return { log: used, url: role.url, context, role, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

export const protocolHeaders = { [protocolHeader]: protocolVersion }

/** A movement as a node of store s1 would deliver it. */
export function movement(n: number, quantity: number, more: Partial<DeliveredOperation> = {}, command: Record<string, unknown> = {}): DeliveredOperation {
  const kind = more.kind ?? 'recordStockMovement'
  const payload = { operationId: `op-${n}`, storeId: 's1', productId: 'p1', kind: quantity < 0 ? 'SALE' : 'RECEIPT', quantity, occurredAt: null, ...command }
  const operationId = payload.operationId
  return { incarnation: 'i1', n, operationId, principal: 'staff', kind, payload, hash: payloadHash({ kind, payload }), receivedAt: Date.now(), ...more }
}
