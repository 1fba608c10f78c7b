import type { DatabaseSync } from 'node:sqlite'
import { readReplicaState } from '../../../../subgraphs/storage/sqlite/replica.ts'
import type { AppliedChange, ReplicaExtension } from '../../../../subgraphs/storage/sqlite/extension.ts'
import type { Tag } from '../../../../subgraphs/shared/tags.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { StockEvent } from './effects.ts'
import { OverlayStatements } from './statements.ts'
import { overlayTableNames, overlayTables, shownWrongly } from './tables.ts'

/**
 * Keeps what pending writes add to the replica, in the replica's own transactions: a write leaves the overlay in the very
 * transaction that brings its effect, so nothing counts twice and nothing flickers. What is shown is the replica plus the
 * outbox less the outcomes the replica has seen.
 */
export interface Overlay extends ReplicaExtension {
  /**
   * Brings the overlay in line with the outbox: after a start, and after anything went wrong between the two. In the caller's transaction.
   * @returns the writes that were taken off although the replica does not have their outcome.
   */
  sync(connection: DatabaseSync): WriteName[]
  /** Statements prepared once a connection. */
  on(connection: DatabaseSync): OverlayStatements
}

/** A write by the node's own numbering. */
export interface WriteName {
  readonly incarnation: string
  readonly n: number
}

/** The overlay of a store's own writes; `onShown` is told, in the transaction, of what is shown otherwise from then on. */
export function createOverlay(storeId: string, outbox: Outbox, onShown: (tags: readonly Tag[]) => void = () => {}): Overlay {
  const prepared = new WeakMap<DatabaseSync, OverlayStatements>()

  function on(connection: DatabaseSync): OverlayStatements {
    let statements = prepared.get(connection)
    if (statements === undefined) {
      statements = new OverlayStatements(connection, onShown)
      prepared.set(connection, statements)
    }
    return statements
  }

  function sync(connection: DatabaseSync): WriteName[] {
    const statements = on(connection)
    const position = readReplicaState(connection)?.position
    // Before the first copy there is nothing to lay anything over.
    if (position === undefined) return []
    // A number may have been given again after the end of the outbox was lost, so a write is known by its name as well.
    const pending = new Map<number, string>()
    for (const { seq, incarnation, n } of outbox.beyond(position)) pending.set(seq, `${incarnation} ${n}`)
    const strangers = statements.strangers((seq, incarnation, n) => pending.get(seq) === `${incarnation} ${n}`)
    for (const { seq } of strangers) statements.remove(seq)
    const levels = new Map<string, StockEvent>()
    for (const operation of outbox.beyond(position)) {
      const event = statements.insert(storeId, operation)
      if (event !== null) levels.set(event.productId, event)
    }
    for (const event of levels.values()) statements.refresh(event.storeId, event.productId)
    return strangers.filter(({ incarnation, n }) => !statements.isSettled(storeId, incarnation, n)).map(({ incarnation, n }) => ({ incarnation, n }))
  }

  function apply(connection: DatabaseSync, changes: readonly AppliedChange[]): void {
    const statements = on(connection)
    for (const { entity, op, key } of changes) {
      if (entity !== 'edge_operation' || op !== 'put') continue
      const seq = statements.find(String(key[1]), Number(key[2]))
      if (seq !== null) statements.remove(seq)
    }
    for (const { entity, key } of changes) {
      if (entity === 'stock') statements.refresh(String(key[0]), String(key[1]))
    }
  }

  return {
    name: 'overlay',
    version: 1,
    create: (connection) => connection.exec(overlayTables),
    rebuild(connection) {
      for (const table of overlayTableNames) connection.exec(`drop table if exists ${table}`)
      connection.exec(overlayTables)
      connection.exec(`
        insert into shown_stock (store_id, product_id, on_hand, reorder_point, order_up_to, updated_at)
        select store_id, product_id, on_hand, reorder_point, order_up_to, updated_at from main.stock
      `)
      prepared.delete(connection)
      sync(connection)
    },
    apply,
    audits: [{ table: 'shown_stock', wrong: shownWrongly }],
    sync,
    on,
  }
}
