import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { LogPosition } from '../../shared/changes.ts'

/** Where a replica's rows stand, kept in the same transactions as the rows. */
export interface ReplicaState {
  readonly position: LogPosition
  /** The latest instant (epoch milliseconds, the cloud's clock) at which this position is known to have been the newest. */
  readonly asOf: number
  /** The first batch at which the rows were a cut that the cloud really had. */
  readonly consistentFrom: number
  /** Readings before this instant (epoch milliseconds) are no longer held. */
  readonly readingsSince: number
  /** Position of each scope that had changes. */
  readonly positions: Readonly<Record<string, number>>
}

/** The state together with what only the replica itself needs. */
export interface ReplicaBooks extends ReplicaState {
  /** See `shapeOf`. */
  readonly shape: string
  /** The last change staged of a batch that has not arrived whole. */
  readonly within: StagedUpTo | null
  /** What marks the batch of `position`; null where its source does not mark batches. */
  readonly stamp: string | null
}

export interface StagedUpTo {
  readonly batch: number
  readonly scope: string
  readonly position: number
  /** What marks that batch. */
  readonly stamp?: string
}

const selectBooks = 'select epoch, batch, as_of, consistent_from, readings_since, positions, shape, within, stamp from replica_state'

/** Asked in many a transaction of the same connection. */
const selects = new WeakMap<DatabaseSync, StatementSync>()

/** What the replica behind this connection holds, as its current transaction sees it; null before the first copy. */
export function readReplicaState(connection: DatabaseSync): ReplicaState | null {
  return readBooks(connection)
}

/** The same with the replica's own bookkeeping. */
export function readBooks(connection: DatabaseSync): ReplicaBooks | null {
  let select = selects.get(connection)
  if (select === undefined) selects.set(connection, (select = connection.prepare(selectBooks)))
  const row = select.get()
  if (row === undefined) return null
  // A version that knows no stamps leaves an old one behind.
  const [stampedBatch, stamp = null] = String(row.stamp ?? '').split(' ')
  return {
    position: { epoch: String(row.epoch), batch: Number(row.batch) },
    asOf: Number(row.as_of),
    consistentFrom: Number(row.consistent_from),
    readingsSince: Number(row.readings_since),
    positions: JSON.parse(String(row.positions)) as Record<string, number>,
    shape: String(row.shape),
    within: row.within === null ? null : (JSON.parse(String(row.within)) as StagedUpTo),
    stamp: stampedBatch === String(row.batch) ? stamp : null,
  }
}

/** Writes the books; the caller's transaction makes them one with the rows. */
export function booksWriter(connection: DatabaseSync): (books: ReplicaBooks) => void {
  const statement = connection.prepare(`
    insert into replica_state (id, epoch, batch, as_of, consistent_from, readings_since, positions, shape, within, stamp) values (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set epoch = excluded.epoch, batch = excluded.batch, as_of = excluded.as_of,
      consistent_from = excluded.consistent_from, readings_since = excluded.readings_since, positions = excluded.positions, shape = excluded.shape, within = excluded.within, stamp = excluded.stamp
  `)
  return ({ position, asOf, consistentFrom, readingsSince, positions, shape, within, stamp }) => {
    const staged = within === null ? null : JSON.stringify(within)
    statement.run(position.epoch, position.batch, asOf, consistentFrom, readingsSince, JSON.stringify(positions), shape, staged, stamp === null ? null : `${position.batch} ${stamp}`)
  }
}
