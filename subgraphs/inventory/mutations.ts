import type { CommandContext } from '../shared/commands.ts'
import { requireOperationId } from '../shared/operation-id.ts'
import { requireChainRight, requireStoreRight } from '../shared/rights.ts'
import { requireHeld } from '../shared/scope.ts'
import type { RecordCount, RecordMovement, SetPrice } from './commands.ts'
import { levelOf } from './level.ts'
import type { InventoryRequest, InventoryResolver } from './part.ts'

type Input<Command, Optional extends keyof Command> = { input: Omit<Command, Optional> & { [Field in Optional]?: Command[Field] | null } }

/** Inventory's writes: each hands a command on and shows what came of it. */
export const mutations = {
  recordStockMovement: (async (_root, { input }, context) => {
    const { operationId, storeId, productId, kind, quantity } = input
    requireStoreRight(context.environment, storeId, 'write')
    requireHeld(context.environment, storeId)
    const command = { operationId: requireOperationId(operationId), storeId, productId, kind, quantity, occurredAt: input.occurredAt ?? null }
    const { result, pending, userErrors } = await context.inventory.commands.recordMovement(command, commandContext(context))
    context.renew()
    return { operationId, pending, userErrors, availability: result === null ? null : levelOf(result) }
  }) satisfies InventoryResolver<unknown, Input<RecordMovement, 'occurredAt'>>,

  recordStockCount: (async (_root, { input }, context) => {
    const { operationId, storeId, productId, counted } = input
    requireStoreRight(context.environment, storeId, 'write')
    requireHeld(context.environment, storeId)
    const command = { operationId: requireOperationId(operationId), storeId, productId, counted, countedAt: input.countedAt ?? null }
    const { result, pending, userErrors } = await context.inventory.commands.recordCount(command, commandContext(context))
    context.renew()
    return { operationId, pending, userErrors, availability: result === null ? null : levelOf(result) }
  }) satisfies InventoryResolver<unknown, Input<RecordCount, 'countedAt'>>,

  setPrice: (async (_root, { input }, context) => {
    const { operationId, productId, amount, currencyCode } = input
    if (typeof input.storeId === 'string') requireStoreRight(context.environment, input.storeId, 'write')
    else requireChainRight(context.environment, 'write')
    const command = { operationId: requireOperationId(operationId), productId, storeId: input.storeId ?? null, amount, currencyCode }
    const { result, userErrors } = await context.inventory.commands.setPrice(command, commandContext(context))
    context.renew()
    if (result === null) return { operationId, userErrors, price: null }
    // The price as the command left it, which a repeated command shows again; the list price as it is now.
    const list = await context.inventory.loaders.price.load({ productId, storeId: null })
    return { operationId, userErrors, price: { applies: result, list: list?.list ?? null } }
  }) satisfies InventoryResolver<unknown, Input<SetPrice, 'storeId'>>,
}

function commandContext({ environment, inventory }: InventoryRequest): CommandContext {
  return { principal: environment.principal, now: inventory.now() }
}
