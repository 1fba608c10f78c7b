import { setTimeout as sleep } from 'node:timers/promises'
import { AisleError } from '../../../../runtime/errors.ts'
import type { ChangesPage, ChangesRequest, LogCursor, LogSource, Snapshot, SnapshotRows } from '../../../../subgraphs/log/source.ts'
import type { Batch, Change } from '../../../../subgraphs/shared/changes.ts'
import { payloadHash } from '../../../../subgraphs/shared/once.ts'
import type { StockRow } from '../../../../subgraphs/storage/database.ts'
import { chainScope, entities, storeScope, type EntityName, type ReplicatedEntity } from '../../../../subgraphs/storage/entities.ts'
import type { DeliveryClient, DeliveryResult, SentOperation } from '../delivery/client.ts'
import { effectOf, type StockEvent } from '../overlay/effects.ts'
import type { OperationKind } from '../outbox/operation.ts'

type Row = Readonly<Record<string, unknown>>

/**
 * A cloud in the memory of a test: a log of one store with the law of stock, and the ways in which the link to it can fail.
 * It keeps histories, as Postgres does, so that its levels do not depend on how a node computes them.
 */
export class MemoryCloud {
  epoch = 'first'
  /** Nothing goes through. */
  down = false
  /** What was delivered is recorded, but its answer is lost. */
  losesAnswers = false
  /** What was delivered is recorded, but its outcome does not enter the log until this is false. */
  holdsLog = false
  /** Epoch milliseconds. */
  clock: () => number = Date.now
  refuses: (operation: SentOperation) => string | null = () => null
  /** (incarnation, n) of everything delivered, repetitions too. */
  readonly received: string[] = []
  readonly #scope: string
  readonly #tables = new Map<EntityName, Map<string, Row>>()
  readonly #history = new Map<string, StockEvent[]>()
  readonly #held: { entity: EntityName; row: Row }[][] = []
  #batches: Batch[] = []
  #positions: Record<string, number> = {}

  readonly storeId: string

  constructor(storeId: string) {
    this.storeId = storeId
    this.#scope = storeScope(storeId)
  }

  /** Makes rows visible together, as one batch. */
  put(...rows: readonly { readonly entity: EntityName; readonly row: Row }[]): void {
    const changes = rows.map(({ entity, row }): Change => {
      const { scope, key }: ReplicatedEntity = entities[entity]
      const where = scope === 'chain' ? chainScope : this.#scope
      const position = (this.#positions[where] ?? 0) + 1
      this.#positions[where] = position
      const keyValues = key.map((column) => row[column] as string | number)
      this.#table(entity).set(JSON.stringify(keyValues), row)
      return { scope: where, position, entity, key: keyValues, op: 'put', row }
    })
    this.#batches.push({ number: this.#head + 1, at: this.clock(), changes })
  }

  /** Takes a row away, as a batch of its own. */
  remove(entity: EntityName, key: readonly (string | number)[]): void {
    const row = this.#table(entity).get(JSON.stringify(key))
    if (row === undefined) return
    this.#table(entity).delete(JSON.stringify(key))
    const { scope }: ReplicatedEntity = entities[entity]
    const where = scope === 'chain' ? chainScope : this.#scope
    const position = (this.#positions[where] ?? 0) + 1
    this.#positions[where] = position
    this.#batches.push({ number: this.#head + 1, at: this.clock(), changes: [{ scope: where, position, entity, key, op: 'delete', row: null }] })
  }

  /** A level as it began. */
  stock(productId: string, onHand: number): { readonly entity: 'stock'; readonly row: Row } {
    return { entity: 'stock', row: { store_id: this.storeId, product_id: productId, on_hand: onHand, reorder_point: 2, order_up_to: 9, updated_at: 1 } }
  }

  levelOf(productId: string): number | undefined {
    return this.#table('stock').get(JSON.stringify([this.storeId, productId]))?.on_hand as number | undefined
  }

  /** The log from its beginning, as after a restore, in an epoch of its own or in the same one: what is there stays, less the rows that `forget` names. */
  restore(epoch: string, forget: (entity: EntityName, row: Row) => boolean = () => false): void {
    this.epoch = epoch
    this.#batches = []
    this.#positions = {}
    this.#history.clear()
    for (const [entity, table] of this.#tables) for (const [key, row] of table) if (forget(entity, row)) table.delete(key)
  }

  release(): void {
    this.holdsLog = false
    for (const rows of this.#held.splice(0)) this.put(...rows)
  }

  readonly source: LogSource = {
    snapshot: async () => this.#snapshot(),
    changes: (_scopes, after, request) => this.#changes(after, request),
  }

  readonly delivery: DeliveryClient = {
    deliver: async (operations) => {
      await sleep(1)
      this.#requireLink()
      this.received.push(...operations.map(({ incarnation, n }) => `${incarnation} ${n}`))
      const results = operations.map((operation) => this.#take(operation))
      if (this.losesAnswers) throw new AisleError('ORIGIN_UNREACHABLE')
      return results
    },
  }

  /** Number of the newest batch. */
  get batch(): number {
    return this.#head
  }

  get #head(): number {
    return this.#batches.at(-1)?.number ?? 0
  }

  #snapshot(): Snapshot {
    this.#requireLink()
    const chunks = [...this.#tables].map(([entity, table]): SnapshotRows => ({ entity, rows: [...table.values()] }))
    const rows = chunks.reduce((sum, chunk) => sum + chunk.rows.length, 0)
    return {
      header: { head: { epoch: this.epoch, batch: this.#head, at: this.clock(), now: this.clock() }, consistentFrom: this.#head, positions: { ...this.#positions }, rows },
      chunks: (async function* () {
        yield* chunks
      })(),
    }
  }

  async #changes(after: LogCursor, { waitMs = 0, signal }: ChangesRequest = {}): Promise<ChangesPage> {
    for (const until = performance.now() + waitMs; ; await sleep(2, undefined, signal === undefined ? {} : { signal })) {
      this.#requireLink()
      if (after.epoch !== this.epoch) throw new AisleError('EPOCH_MISMATCH')
      if (after.batch > this.#head) throw new AisleError('POSITION_AHEAD')
      const batches = this.#batches.filter(({ number }) => number > after.batch)
      if (batches.length > 0 || performance.now() > until) {
        const head = { epoch: this.epoch, batch: this.#head, at: this.clock(), now: this.clock() }
        return { parts: batches.map((batch) => ({ ...batch, complete: true })), next: { epoch: head.epoch, batch: head.batch }, head }
      }
    }
  }

  #requireLink(): void {
    if (this.down) throw new AisleError('ORIGIN_UNREACHABLE')
  }

  #take(operation: SentOperation): DeliveryResult {
    const { incarnation, n, operationId, kind, payload, hash, receivedAt } = operation
    const done = { incarnation, n, recorded: true, reason: null }
    const known = this.#table('edge_operation').has(JSON.stringify([this.storeId, incarnation, n]))
    if (known || this.#held.some((rows) => rows.some(({ row }) => row.incarnation === incarnation && row.n === n))) return done
    if (payloadHash({ kind, payload }) !== hash) return { ...done, recorded: false, reason: 'the hash is wrong' }
    const refusal = this.refuses(operation)
    const rows: { entity: EntityName; row: Row }[] = []
    let result: unknown = null
    if (refusal === null) {
      const effect = effectOf({ kind: kind as OperationKind, payload: JSON.stringify(payload), receivedAt })
      if ('stock' in effect) {
        const stock = this.#move(effect.stock)
        rows.push({ entity: 'stock', row: { ...stock } })
        result = stock
      } else {
        const { deviceId, readings } = effect.device
        for (const reading of readings) rows.push({ entity: 'reading', row: { device_id: deviceId, ...reading, store_id: this.storeId } })
        result = readings.length
      }
    }
    const outcome = JSON.stringify({ result, userErrors: refusal === null ? [] : [{ code: refusal, message: refusal, field: null }], pending: false })
    rows.push({ entity: 'edge_operation', row: { store_id: this.storeId, incarnation, n, operation_id: operationId, payload_hash: hash, outcome, recorded_at: Date.now() } })
    if (this.holdsLog) this.#held.push(rows)
    else this.put(...rows)
    return done
  }

  /** The level after an event, from the whole history: the latest count by time plus the movements that occurred after it. */
  #move(event: StockEvent): StockRow {
    const key = JSON.stringify([this.storeId, event.productId])
    const row = this.#table('stock').get(key) as StockRow | undefined
    const began: StockEvent = { ...event, counted: row?.on_hand ?? 0, quantity: null, occurredAt: -1 }
    const history = [...(this.#history.get(key) ?? [began]), event]
    this.#history.set(key, history)
    const count = history.filter(({ counted }) => counted !== null).reduce((latest, next) => (next.occurredAt >= latest.occurredAt ? next : latest))
    const after = history.filter(({ quantity, occurredAt }) => quantity !== null && occurredAt > count.occurredAt)
    const onHand = after.reduce((sum, { quantity }) => sum + (quantity ?? 0), count.counted ?? 0)
    const level = { reorder_point: null, order_up_to: null, ...row, store_id: this.storeId, product_id: event.productId, on_hand: onHand, updated_at: event.receivedAt }
    this.#table('stock').set(key, level)
    return level
  }

  #table(entity: EntityName): Map<string, Row> {
    let table = this.#tables.get(entity)
    if (table === undefined) {
      table = new Map()
      this.#tables.set(entity, table)
    }
    return table
  }
}
