import type { CommandContext, Outcome } from '../shared/commands.ts'
import type { DeviceRow } from '../storage/database.ts'

export type DeviceErrorCode = 'DEVICE_NOT_FOUND' | 'STORE_NOT_FOUND' | 'PRODUCT_NOT_FOUND' | 'INVALID_READING' | 'OPERATION_ID_REUSED'

export type DeviceKind = 'POS' | 'DISPLAY' | 'SHELF_LABEL' | 'FREEZER' | 'SENSOR' | 'HANDHELD' | 'SERVER' | 'OTHER'

export interface RegisterDevice {
  readonly operationId: string
  readonly deviceId: string
  readonly storeId: string
  readonly kind: DeviceKind
  readonly firmware: string | null
}

/** Measurements of one device; times in epoch milliseconds. */
export interface ReportReadings {
  readonly operationId: string
  readonly deviceId: string
  readonly readings: readonly { readonly metric: string; readonly at: number; readonly value: number }[]
}

export interface ShowOnDevice {
  readonly operationId: string
  readonly deviceId: string
  readonly productIds: readonly string[]
}

/** The writes of device; see `InventoryCommands` for where they run and what repeating one means. */
export interface DeviceCommands {
  registerDevice(command: RegisterDevice, context: CommandContext): Promise<Outcome<DeviceRow, DeviceErrorCode>>
  /** The result is the number of readings accepted. */
  reportReadings(command: ReportReadings, context: CommandContext): Promise<Outcome<number, DeviceErrorCode>>
  showOnDevice(command: ShowOnDevice, context: CommandContext): Promise<Outcome<DeviceRow, DeviceErrorCode>>
}
