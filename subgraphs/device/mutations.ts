import { AisleError } from '../../runtime/errors.ts'
import type { CommandContext } from '../shared/commands.ts'
import { requireOperationId } from '../shared/operation-id.ts'
import { requireDeviceRight, requireStoreRight } from '../shared/rights.ts'
import type { RegisterDevice, ReportReadings, ShowOnDevice } from './commands.ts'
import type { DeviceRequest, DeviceResolver } from './part.ts'
import { longestDeviceId, mostShown } from './rules.ts'

/** Device's writes: each hands a command on and shows what came of it. */
export const mutations = {
  registerDevice: (async (_root, { input }, context) => {
    const { operationId, deviceId, storeId, kind } = input
    if (deviceId.trim() === '' || deviceId.length > longestDeviceId) throw new AisleError('BAD_USER_INPUT', `The id of a device is a text of 1 to ${longestDeviceId} characters.`)
    requireStoreRight(context.environment, storeId, 'write')
    const standsIn = await storeOf(context, deviceId)
    if (standsIn !== null) requireStoreRight(context.environment, standsIn, 'write')
    const command = { operationId: requireOperationId(operationId), deviceId, storeId, kind, firmware: input.firmware ?? null }
    const { result, userErrors } = await context.device.commands.registerDevice(command, commandContext(context))
    context.renew()
    return { operationId, userErrors, device: result }
  }) satisfies DeviceResolver<unknown, { input: Omit<RegisterDevice, 'firmware'> & { firmware?: string | null } }>,

  reportReadings: (async (_root, { input }, context) => {
    const { operationId, deviceId } = input
    requireDeviceRight(context.environment, deviceId, await storeOf(context, deviceId), 'write')
    const readings = input.readings.map(({ metric, at, value }) => ({ metric, at, value }))
    const command = { operationId: requireOperationId(operationId), deviceId, readings }
    const { result, pending, userErrors } = await context.device.commands.reportReadings(command, commandContext(context))
    context.renew()
    return { operationId, pending, userErrors, accepted: result ?? 0 }
  }) satisfies DeviceResolver<unknown, { input: ReportReadings }>,

  showOnDevice: (async (_root, { input }, context) => {
    const { operationId, deviceId, productIds } = input
    if (productIds.length > mostShown) throw new AisleError('BAD_USER_INPUT', `A device shows at most ${mostShown} products, not ${productIds.length}.`)
    requireDeviceRight(context.environment, deviceId, await storeOf(context, deviceId), 'write')
    const command = { operationId: requireOperationId(operationId), deviceId, productIds: [...productIds] }
    const { result, userErrors } = await context.device.commands.showOnDevice(command, commandContext(context))
    context.renew()
    return { operationId, userErrors, device: result }
  }) satisfies DeviceResolver<unknown, { input: ShowOnDevice }>,
}

/** Where a device stands; null for one that nobody knows, or where it makes no difference. */
async function storeOf({ environment, device }: DeviceRequest, deviceId: string): Promise<string | null> {
  if (environment.caller.unrestricted) return null
  return (await device.loaders.device.load(deviceId))?.store_id ?? null
}

function commandContext({ environment, device }: DeviceRequest): CommandContext {
  return { principal: environment.principal, now: device.now() }
}
