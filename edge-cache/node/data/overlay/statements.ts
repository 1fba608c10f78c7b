import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { StockRow } from '../../../../subgraphs/storage/database.ts'
import { changedTags, type Tag } from '../../../../subgraphs/shared/tags.ts'
import type { KeptOperation } from '../outbox/operation.ts'
import { effectOf, type StockEvent } from './effects.ts'
import { afterMovement, shownLevel } from './law.ts'

/** The statements of the overlay on one connection to a replica; all of them run in the caller's transaction. */
export class OverlayStatements {
  readonly #connection: DatabaseSync
  readonly #onShown: (tags: readonly Tag[]) => void
  readonly #find
  readonly #isSettled
  readonly #insertOperation
  readonly #insertStock
  readonly #insertReading
  readonly #insertDevice
  readonly #stockOf
  readonly #devicesOf
  readonly #deletes
  readonly #base
  readonly #events
  readonly #latestCount
  readonly #show
  readonly #hide
  readonly #shown
  readonly #answer
  readonly #keepAnswer

  constructor(connection: DatabaseSync, onShown: (tags: readonly Tag[]) => void) {
    const prepare = (text: string) => connection.prepare(text)
    this.#connection = connection
    this.#onShown = onShown
    this.#find = prepare('select seq from overlay_operation where incarnation = ? and n = ?')
    this.#isSettled = prepare('select 1 from edge_operation where store_id = ? and incarnation = ? and n = ?')
    this.#insertOperation = prepare('insert into overlay_operation (seq, incarnation, n) values (?, ?, ?) on conflict do nothing')
    this.#insertStock = prepare(
      'insert into overlay_stock (store_id, product_id, seq, counted, quantity, occurred_at, received_at) values (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#insertReading = prepare('insert into overlay_reading (device_id, metric, at, seq, value, store_id) values (?, ?, ?, ?, ?, ?) on conflict do nothing')
    this.#insertDevice = prepare('insert into overlay_device (device_id, seq, received_at) values (?, ?, ?)')
    this.#stockOf = prepare('select store_id, product_id from overlay_stock where seq = ?')
    this.#devicesOf = prepare('select o.device_id, d.store_id from overlay_device as o left join main.device as d on d.id = o.device_id where o.seq = ?')
    this.#deletes = ['overlay_operation', 'overlay_stock', 'overlay_reading', 'overlay_device'].map((table) => prepare(`delete from ${table} where seq = ?`))
    this.#base = prepare('select store_id, product_id, on_hand, reorder_point, order_up_to, updated_at from main.stock where store_id = ? and product_id = ?')
    this.#events = prepare('select store_id, product_id, counted, quantity, occurred_at, received_at from overlay_stock where store_id = ? and product_id = ? order by seq')
    this.#latestCount = prepare('select max(occurred_at) as at from overlay_stock where store_id = ? and product_id = ? and counted is not null')
    this.#show = prepare('replace into shown_stock (store_id, product_id, on_hand, reorder_point, order_up_to, updated_at) values (?, ?, ?, ?, ?, ?)')
    this.#answer = prepare('select answer from overlay_operation where seq = ?')
    this.#keepAnswer = prepare('update overlay_operation set answer = ? where seq = ?')
    this.#hide = prepare('delete from shown_stock where store_id = ? and product_id = ?')
    this.#shown = prepare('select store_id, product_id, on_hand, reorder_point, order_up_to, updated_at from shown_stock where store_id = ? and product_id = ?')
  }

  /** The write's place in the overlay, or null where it has none. */
  find(incarnation: string, n: number): number | null {
    const row = this.#find.get(incarnation, n)
    return row === undefined ? null : (row.seq as number)
  }

  /** Lays the newest write over the replica, unless it is there already or its effect is in the replica. @throws Error when its place is taken: `sync` first */
  add(storeId: string, operation: KeptOperation): void {
    const event = this.insert(storeId, operation)
    if (event === null) return
    const shown = event.quantity === null ? null : this.shown(event.storeId, event.productId)
    // A movement is one step from what is shown, however many writes lie there already.
    if (shown === null) this.refresh(event.storeId, event.productId)
    else this.#put(afterMovement(shown, event, this.#latestCount.get(event.storeId, event.productId)?.at as number | null))
  }

  /** The same without showing it: returns what it says of a level, which is to be refreshed then. */
  insert(storeId: string, operation: KeptOperation): StockEvent | null {
    const { seq, incarnation, n } = operation
    if (this.isSettled(storeId, incarnation, n)) return null
    if (this.#insertOperation.run(seq, incarnation, n).changes === 0) {
      if (this.find(incarnation, n) !== null) return null
      // The end of the outbox was lost, and its numbers are given again: what lay here is to be reported before its place is taken.
      throw new Error(`The overlay holds another write at ${seq}, which the outbox no longer has.`)
    }
    const effect = effectOf(operation)
    if ('stock' in effect) {
      const { productId, counted, quantity, occurredAt, receivedAt } = effect.stock
      this.#insertStock.run(effect.stock.storeId, productId, seq, counted, quantity, occurredAt, receivedAt)
      return effect.stock
    }
    const { deviceId, receivedAt, readings } = effect.device
    this.#insertDevice.run(deviceId, seq, receivedAt)
    for (const { metric, at, value } of readings) this.#insertReading.run(deviceId, metric, at, seq, value, storeId)
    this.#onShown(deviceTags(storeId, deviceId))
    return null
  }

  /** What the write answered when it was laid here, as JSON tells it: the same whenever it is repeated. */
  answer(seq: number, make: () => unknown): unknown {
    const known = this.#answer.get(seq)?.answer
    if (typeof known === 'string') return JSON.parse(known)
    const made = make()
    this.#keepAnswer.run(JSON.stringify(made), seq)
    return made
  }

  /** Takes a write off again. */
  remove(seq: number): void {
    const stock = this.#stockOf.get(seq)
    const devices = this.#devicesOf.all(seq)
    for (const statement of this.#deletes) statement.run(seq)
    if (stock !== undefined) this.refresh(stock.store_id as string, stock.product_id as string)
    for (const device of devices) this.#onShown(deviceTags(String(device.store_id), String(device.device_id)))
  }

  /** Shows a level anew from the replica's row and the writes over it. */
  refresh(storeId: string, productId: string): void {
    const base = this.#base.get(storeId, productId)
    const shown = shownLevel(base === undefined ? null : toStock(base), this.#events.all(storeId, productId).map(toEvent))
    if (shown !== null) return this.#put(shown)
    this.#hide.run(storeId, productId)
    this.#onShown(changedTags('stock', [storeId, productId], null, null))
  }

  shown(storeId: string, productId: string): StockRow | null {
    const row = this.#shown.get(storeId, productId)
    return row === undefined ? null : toStock(row)
  }

  #put({ store_id, product_id, on_hand, reorder_point, order_up_to, updated_at }: StockRow): void {
    this.#show.run(store_id, product_id, on_hand, reorder_point, order_up_to, updated_at)
    this.#onShown(changedTags('stock', [store_id, product_id], null, null))
  }

  /** Whether the replica has the outcome of the write. */
  isSettled(storeId: string, incarnation: string, n: number): boolean {
    return this.#isSettled.get(storeId, incarnation, n) !== undefined
  }

  /** Writes in the overlay for which `keep` is false. */
  strangers(keep: (seq: number, incarnation: string, n: number) => boolean): { readonly seq: number; readonly incarnation: string; readonly n: number }[] {
    const found = []
    for (const row of this.#connection.prepare('select seq, incarnation, n from overlay_operation').iterate()) {
      const { seq, incarnation, n } = row as { seq: number; incarnation: string; n: number }
      if (!keep(seq, incarnation, n)) found.push({ seq, incarnation, n })
    }
    return found
  }
}

/** A device and its readings, wherever they are listed. */
function deviceTags(storeId: string, deviceId: string): readonly Tag[] {
  return [...changedTags('device', [deviceId], null, { store_id: storeId }), ...changedTags('reading', [deviceId], null, null)]
}

type Row = Record<string, SQLOutputValue>

function toStock(row: Row): StockRow {
  return { ...row } as unknown as StockRow
}

function toEvent(row: Row): StockEvent {
  return {
    storeId: row.store_id as string,
    productId: row.product_id as string,
    counted: row.counted as number | null,
    quantity: row.quantity as number | null,
    occurredAt: row.occurred_at as number,
    receivedAt: row.received_at as number,
  }
}
