import type { DatabaseSync } from 'node:sqlite'
import type { Batch, Change } from '../../../subgraphs/shared/changes.ts'
import { storeScope, type EntityName } from '../../../subgraphs/storage/entities.ts'
import type { AppliedBatch } from '../../../subgraphs/storage/sqlite/replica.ts'
import { effectOf, type OperationEffect } from './overlay/effects.ts'
import type { Outbox } from './outbox/outbox.ts'
import type { KeptOperation } from './outbox/operation.ts'

interface RowKey {
  readonly entity: EntityName
  readonly key: readonly (string | number)[]
}

/**
 * Turns what happened into the changes that this node's subscribers are told: rows as they are shown, with pending
 * writes over them.
 */
export class Publisher {
  readonly #scope: string
  readonly #outbox: Outbox
  /** Incarnations whose writes were told when they were kept. */
  readonly #told = new Set<string>()

  constructor(storeId: string, outbox: Outbox) {
    this.#scope = storeScope(storeId)
    this.#outbox = outbox
  }

  /** A write of this node, just laid over the replica that `connection` reads; `number` and `position` are where the replica stands. */
  ofWrite(connection: DatabaseSync, operation: KeptOperation, place: { readonly number: number; readonly position: number }): Batch {
    this.#told.add(operation.incarnation)
    const effect = effectOf(operation)
    const [, row] = leftBy(effect)
    const rows = 'stock' in effect ? [row] : [row, ...effect.device.readings.map(({ metric, at }): RowKey => ({ entity: 'reading', key: [effect.device.deviceId, metric, at] }))]
    const changes = rows.map(({ entity, key }) => this.#change(connection, entity, key, place.position))
    return { number: place.number, at: operation.receivedAt, changes }
  }

  /** A batch of the log, just applied to the replica that `connection` reads. */
  ofBatch(connection: DatabaseSync, { number, at, changes }: AppliedBatch): Batch {
    const settled = changes.flatMap(({ entity, op, key }) => {
      const operation = entity === 'edge_operation' && op === 'put' ? this.#outbox.byNumber(String(key[1]), Number(key[2])) : null
      return operation === null ? [] : [{ effect: effectOf(operation), told: this.#told.has(operation.incarnation) }]
    })
    const toldReadings = new Set(settled.flatMap(({ effect, told }) => (told ? readingKeys(effect) : [])))
    const left = new Map(settled.map(({ effect }) => leftBy(effect)))
    if (left.size === 0 && connection.prepare('select 1 from overlay_operation limit 1').get() === undefined) {
      return { number, at, changes: changes.map(({ previous: _previous, ...change }) => change) }
    }
    const told: Change[] = []
    for (const { previous: _previous, ...change } of changes) {
      if (change.entity === 'reading' && toldReadings.has(keyText(change.key))) continue
      const shownOtherwise = left.delete(rowName(change)) || isCovered(connection, change)
      told.push(shownOtherwise ? this.#change(connection, change.entity, change.key, change.position) : change)
    }
    // A write that was refused, or that made no difference in the cloud, leaves the overlay without a change of its row.
    const position = changes.findLast(({ scope }) => scope === this.#scope)?.position ?? 0
    for (const { entity, key } of left.values()) told.push(this.#change(connection, entity, key, position))
    return { number, at, changes: told }
  }

  #change(connection: DatabaseSync, entity: EntityName, key: readonly (string | number)[], position: number): Change {
    const row = connection.prepare(selects[entity] ?? '').get(...key)
    return { scope: this.#scope, position, entity, key, op: row === undefined ? 'delete' : 'put', row: row === undefined ? null : { ...row } }
  }
}

/** Over the names that a reader shows, see `shownViews`. */
const selects: Partial<Record<EntityName, string>> = {
  stock: 'select * from stock where store_id = ? and product_id = ?',
  device: 'select * from device where id = ?',
  reading: 'select * from reading where device_id = ? and metric = ? and at = ?',
}

/** The row that a write leaves to the log alone when it is settled, by name. */
function leftBy(effect: OperationEffect): [string, RowKey] {
  const row: RowKey =
    'stock' in effect ? { entity: 'stock', key: [effect.stock.storeId, effect.stock.productId] } : { entity: 'device', key: [effect.device.deviceId] }
  return [rowName(row), row]
}

/** Whether writes still lie over this row. */
function isCovered(connection: DatabaseSync, { entity, key }: RowKey): boolean {
  const text = covers[entity]
  return text !== undefined && connection.prepare(text).get(...key) !== undefined
}

const covers: Partial<Record<EntityName, string>> = {
  stock: 'select 1 from overlay_stock where store_id = ? and product_id = ? limit 1',
  device: 'select 1 from overlay_device where device_id = ? limit 1',
}

function rowName({ entity, key }: RowKey): string {
  return `${entity} ${keyText(key)}`
}

function readingKeys(effect: OperationEffect): string[] {
  return 'device' in effect ? effect.device.readings.map(({ metric, at }) => keyText([effect.device.deviceId, metric, at])) : []
}

function keyText(key: readonly (string | number)[]): string {
  return JSON.stringify(key)
}
