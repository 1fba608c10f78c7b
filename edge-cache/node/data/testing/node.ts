import { createLogger } from '../../../../runtime/log.ts'
import { Registry } from '../../../../runtime/metrics.ts'
import type { CommandContext } from '../../../../subgraphs/shared/commands.ts'
import type { NodeData } from '../../data.ts'
import { openNodeData, type NodeDataOptions } from '../index.ts'
import { MemoryCloud } from './memory-cloud.ts'

export const storeId = 'S1'

/** A cloud with one store, two products that it has, one that it never had, and a freezer. */
export function smallCloud(): MemoryCloud {
  const cloud = new MemoryCloud(storeId)
  cloud.put(
    { entity: 'store', row: { id: storeId, name: 'First', timezone: 'Europe/London' } },
    { entity: 'store', row: { id: 'S2', name: 'Second', timezone: 'Europe/London' } },
    ...['tea', 'milk', 'never'].map((id) => ({ entity: 'product' as const, row: { id, name: id, attributes: '[]' } })),
    cloud.stock('tea', 10),
    cloud.stock('milk', 20),
    { entity: 'device', row: { id: 'D1', store_id: storeId, kind: 'FREEZER', status: 'UNKNOWN', shows: '[]' } },
  )
  return cloud
}

/** A node on this cloud. */
export function openTestNode(directory: string, cloud: NodeDataOptions['origin'], options: Partial<NodeDataOptions> = {}): Promise<NodeData> {
  return openNodeData({ storeId, directory, origin: cloud, extensions: [], log: createLogger('test', 'silent'), metrics: new Registry(), waitMs: 50, mostPauseMs: 500, ...options })
}

let last = 0

export function operationId(): string {
  last += 1
  return `operation-${process.pid}-${last}`
}

export function as(principal: string, now = Date.now()): CommandContext {
  return { principal, now }
}

/** What a reader sees of a level now. */
export async function shownStock(data: NodeData, productId: string): Promise<number | null> {
  using session = await data.read()
  const row = await session.storage.db.selectFrom('stock').select('on_hand').where('store_id', '=', storeId).where('product_id', '=', productId).executeTakeFirst()
  return row?.on_hand ?? null
}

export function sale(productId: string, quantity: number, occurredAt: number | null = null, id = operationId()) {
  return { operationId: id, storeId, productId, kind: quantity < 0 ? ('SALE' as const) : ('RECEIPT' as const), quantity, occurredAt }
}

export function count(productId: string, counted: number, countedAt: number | null = null, id = operationId()) {
  return { operationId: id, storeId, productId, counted, countedAt }
}
