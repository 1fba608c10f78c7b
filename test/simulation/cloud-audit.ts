import type { DeliveredOperation } from '../../edge-cache/protocol.ts'
import type { Batch } from '../../subgraphs/shared/changes.ts'
import type { ModelCloud } from './cloud/cloud.ts'
import type { OriginQuestion } from './cloud/origin.ts'
import type { Movement } from './cloud/commands.ts'
import { hold } from './violation.ts'

/** Checks what the cloud does, batch by batch, without believing its own books. */
export class CloudAudit {
  readonly #cloud: ModelCloud
  /** Levels before anybody wrote. */
  readonly #openings = new Map<string, number>()
  readonly #positions = new Map<string, number>()
  /** Which write has a name. */
  readonly #names = new Map<string, string>()
  #batch = 0
  #at = 0

  constructor(cloud: ModelCloud) {
    this.#cloud = cloud
    cloud.onBatch.add((batch) => this.#check(batch))
  }

  /** A level as it begins. */
  opens(storeId: string, productId: string, onHand: number): void {
    this.#openings.set(JSON.stringify([storeId, productId]), onHand)
  }

  openingOf(storeId: string, productId: string): number {
    return this.#openings.get(JSON.stringify([storeId, productId])) ?? 0
  }

  /** What a store delivers: no name is ever given to two writes, whatever was restored, cloned or taken back. */
  checkNames({ path, body }: OriginQuestion): void {
    const [, storeId] = /^\/sync\/stores\/([^/]+)\/operations$/.exec(path) ?? []
    if (storeId === undefined || body === null) return
    const { operations } = JSON.parse(body) as { readonly operations: readonly DeliveredOperation[] }
    for (const { incarnation, n, principal, operationId, hash } of operations) {
      const name = `${storeId} ${incarnation} ${n}`
      const write = `${principal} ${operationId} ${hash}`
      const known = this.#names.get(name) ?? write
      this.#names.set(name, known)
      hold(5, known === write, () => `${name} names ${write}, and named ${known}`)
    }
  }

  /** The log was taken back with its database. */
  restored(): void {
    const { log } = this.#cloud
    this.#positions.clear()
    for (const [scope, position] of Object.entries(log.positions)) this.#positions.set(scope, position)
    this.#batch = log.batch
    this.#at = log.batchAt
  }

  /** What the law of stock makes of the history of a level, or null where nothing is known of it. */
  lawOf(storeId: string, productId: string): number | null {
    const opening = this.#openings.get(JSON.stringify([storeId, productId]))
    const history = this.#cloud.commands.historyOf(storeId, productId)
    if (opening === undefined && history.length === 0) return null
    return levelOf(opening ?? 0, history)
  }

  #check({ number, at, changes }: Batch): void {
    hold(3, number === this.#batch + 1, () => `batch ${number} follows batch ${this.#batch}`)
    hold(3, at >= this.#at, () => `batch ${number} is older than batch ${this.#batch}`)
    this.#batch = number
    this.#at = at
    for (const { scope, position } of changes) {
      const known = this.#positions.get(scope) ?? 0
      hold(3, position === known + 1, () => `position ${position} of ${scope} follows ${known} in batch ${number}`)
      this.#positions.set(scope, position)
    }
    for (const { entity, key, op } of changes) if (entity === 'stock' && op === 'put') this.checkStock(String(key[0]), String(key[1]))
  }

  checkStock(storeId: string, productId: string): void {
    const { rows, commands } = this.#cloud
    const ids = commands.historyOf(storeId, productId).map(({ principal, operationId }) => `${principal} ${operationId}`)
    hold(2, new Set(ids).size === ids.length, () => `a write of ${productId} in ${storeId} counts twice: ${ids.filter((id, nth) => ids.indexOf(id) !== nth).join(', ')}`)
    const law = this.lawOf(storeId, productId)
    const level = rows.get('stock', [storeId, productId])?.on_hand ?? null
    hold(6, level === law, () => `${productId} in ${storeId} stands at ${JSON.stringify(level)}, its history says ${String(law)}`)
  }

  /** Everything that was committed is in the log, and nothing else. */
  checkLog(): void {
    const { rows, log } = this.#cloud
    hold(4, rows.outbox.length === 0, () => `${rows.outbox.length} changes were never moved to the log`)
    const state = log.states.get(log.batch)
    for (const entity of ['product', 'store', 'stock', 'store_price', 'device', 'edge_operation'] as const) {
      const reduced = [...(state?.values() ?? [])].flatMap((scope) => [...(scope.get(entity)?.entries() ?? [])])
      const table = new Map(rows.all(entity).map((row) => [JSON.stringify(row), row]))
      hold(4, reduced.length === table.size, () => `${entity}: the log comes to ${reduced.length} rows, the table has ${table.size}`)
      for (const [key, row] of reduced) hold(4, table.has(JSON.stringify(row)), () => `${entity} ${key}: the log comes to another row than the table`)
    }
  }
}

/** The latest count by its time, plus the movements that occurred after it. */
export function levelOf(opening: number, history: readonly Pick<Movement, 'quantity' | 'counted' | 'occurredAt'>[]): number {
  let count: { counted: number; at: number } = { counted: opening, at: -Infinity }
  for (const { counted, occurredAt } of history) if (counted !== null && occurredAt >= count.at) count = { counted, at: occurredAt }
  return history.reduce((level, { quantity, occurredAt }) => (quantity !== null && occurredAt > count.at ? level + quantity : level), count.counted)
}
