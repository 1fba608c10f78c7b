import type { UserError } from '../shared/commands.ts'
import type { DeviceErrorCode, ReportReadings } from './commands.ts'

/** What a write of device is refused for whatever the database holds: the same in the cloud and on a store's node. */
export type DeviceRefusal = UserError<DeviceErrorCode>

/** Most readings in one report. */
export const mostReadings = 1_000

/** Longest name of what is measured, in UTF-16 units. */
export const longestMetric = 100

/** Most products on one device. */
export const mostShown = 100

/** Longest id of a device, in UTF-16 units. */
export const longestDeviceId = 200

/** How far a clock in a store may run ahead, in milliseconds. */
export const clockToleranceMs = 24 * 60 * 60 * 1000

/** A device is heard of to the minute, so that its row changes once a minute at most. */
export const seenStepMs = 60_000

/** Why the report is refused, or null; `now` (epoch milliseconds) is when it was received. */
export function checkReadings({ readings }: ReportReadings, now: number): DeviceRefusal | null {
  if (readings.length > mostReadings) return invalidReading(`A report holds at most ${mostReadings} readings, not ${readings.length}.`, [])
  for (const [index, { metric, at, value }] of readings.entries()) {
    const place = [String(index)]
    if (metric.trim() === '' || metric.length > longestMetric) return invalidReading(`The name of a metric has 1 to ${longestMetric} characters.`, [...place, 'metric'])
    if (!Number.isFinite(value)) return invalidReading('The value of a reading is a finite number.', [...place, 'value'])
    if (!Number.isSafeInteger(at) || at < 0 || at > now + clockToleranceMs) return invalidReading('A reading lies between 1970 and a day from now.', [...place, 'at'])
  }
  return null
}

export function deviceNotFound(deviceId: string): UserError<'DEVICE_NOT_FOUND'> {
  return { code: 'DEVICE_NOT_FOUND', message: `There is no device ${deviceId}.`, field: ['input', 'deviceId'] }
}

export function storeNotFound(storeId: string): UserError<'STORE_NOT_FOUND'> {
  return { code: 'STORE_NOT_FOUND', message: `The chain has no store ${storeId}.`, field: ['input', 'storeId'] }
}

export function productsNotFound(productIds: readonly string[]): UserError<'PRODUCT_NOT_FOUND'> {
  return { code: 'PRODUCT_NOT_FOUND', message: `The catalogue has no product ${productIds.join(', ')}.`, field: ['input', 'productIds'] }
}

function invalidReading(message: string, path: readonly string[]): DeviceRefusal {
  return { code: 'INVALID_READING', message, field: ['input', 'readings', ...path] }
}
