import type { ReportReadings } from '../../../../subgraphs/device/commands.ts'
import type { RecordCount, RecordMovement } from '../../../../subgraphs/inventory/commands.ts'
import type { NewOperation } from '../outbox/operation.ts'

/** What a write says of one stock level; times in epoch milliseconds. */
export interface StockEvent {
  readonly storeId: string
  readonly productId: string
  /** Pieces counted; null for a movement. */
  readonly counted: number | null
  /** Signed change; null for a count. */
  readonly quantity: number | null
  readonly occurredAt: number
  readonly receivedAt: number
}

export interface PendingReading {
  readonly metric: string
  readonly at: number
  readonly value: number
}

/** What a write says of one device. */
export interface DeviceEvent {
  readonly deviceId: string
  readonly receivedAt: number
  readonly readings: readonly PendingReading[]
}

export type OperationEffect = { readonly stock: StockEvent } | { readonly device: DeviceEvent }

/** What a kept write will do, read from its payload. */
export function effectOf({ kind, payload, receivedAt }: Pick<NewOperation, 'kind' | 'payload' | 'receivedAt'>): OperationEffect {
  const command: unknown = JSON.parse(payload)
  switch (kind) {
    case 'recordStockMovement': {
      const { storeId, productId, quantity, occurredAt } = command as RecordMovement
      return { stock: { storeId, productId, counted: null, quantity, occurredAt: occurredAt ?? receivedAt, receivedAt } }
    }
    case 'recordStockCount': {
      const { storeId, productId, counted, countedAt } = command as RecordCount
      return { stock: { storeId, productId, counted, quantity: null, occurredAt: countedAt ?? receivedAt, receivedAt } }
    }
    case 'reportReadings': {
      const { deviceId, readings } = command as ReportReadings
      return { device: { deviceId, receivedAt, readings } }
    }
  }
}
