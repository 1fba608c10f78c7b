import type { DeviceCommands, DeviceErrorCode } from '../../../../subgraphs/device/commands.ts'
import { checkReadings, deviceNotFound } from '../../../../subgraphs/device/rules.ts'
import { rowTags } from '../../../../subgraphs/shared/tags.ts'
import { cloudOnly, inCloudTime, runCommand, type CommandServices } from './run.ts'

/** The writes of device on a store's node; see `nodeInventory`. */
export function nodeDevice(services: CommandServices): DeviceCommands {
  return {
    registerDevice: async () => cloudOnly('Registering a device'),
    reportReadings(command, received) {
      const context = inCloudTime(services, received)
      return runCommand<number, DeviceErrorCode>(
        services,
        {
          kind: 'reportReadings',
          command,
          check: (connection) =>
            checkReadings(command, context.now) ??
            (connection.prepare('select 1 from device where id = ?').get(command.deviceId) === undefined ? deviceNotFound(command.deviceId) : null),
          checks: rowTags('device', [command.deviceId]),
          shows: [],
          readings: command.readings.length,
          answer: () => command.readings.length,
        },
        context,
      )
    },
    showOnDevice: async () => cloudOnly('Setting what a device shows'),
  }
}
