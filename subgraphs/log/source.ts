import type { Batch, Change, LogPosition } from '../shared/changes.ts'
import type { EntityName } from '../storage/entities.ts'
import type { RangeSource } from './ranges.ts'

/** Where a follower stands: behind a whole batch, or (with `within`) inside one that is too big for one answer. */
export interface LogCursor extends LogPosition {
  /** What marks the batch, where its source marks them: the same number with another stamp is another log's. */
  readonly stamp?: string
  readonly within?: PlaceWithin
}

/** The last change that was had of a batch that has not come whole. */
export interface PlaceWithin {
  readonly scope: string
  readonly position: number
  /** The number and stamp of that batch. */
  readonly batch?: number
  readonly stamp?: string
}

/** Part of a batch: all of it unless the batch is too big for one answer. */
export interface BatchPart extends Batch {
  /** True for the last part of its batch; only then may the batch become visible. */
  readonly complete: boolean
  readonly stamp?: string
  /** Several batches that are whole only together: those after this one, up to `number`. */
  readonly after?: number
}

/** The newest batch, and the instant (epoch milliseconds, the cloud's clock) at which it was the newest. */
export interface LogHead extends LogPosition {
  readonly stamp?: string
  readonly at: number
  /** What the cloud's clock showed when it said so: not before `at`, and after it while changes wait to be moved. */
  readonly now: number
}

export interface ChangesPage {
  /** In order of batch, then scope, then position. Empty when nothing came within the wait. */
  readonly parts: readonly BatchPart[]
  /** Where to go on. */
  readonly next: LogCursor
  readonly head: LogHead
}

export interface ChangesRequest {
  /** Most changes in one answer. */
  readonly limit?: number
  /** How long to wait for a change when there is none, in milliseconds. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

/** First in a snapshot. */
export interface SnapshotHeader {
  readonly head: LogHead
  /** The rows may show commits newer than `head`; from this batch on, rows and log agree. */
  readonly consistentFrom: number
  /** Position of each scope at `head`. */
  readonly positions: Readonly<Record<string, number>>
  /** Number of rows to come, for progress. */
  readonly rows: number
}

export interface SnapshotRows {
  readonly entity: EntityName
  readonly rows: readonly NonNullable<Change['row']>[]
}

/** All rows of the scopes at one instant. */
export interface Snapshot {
  readonly header: SnapshotHeader
  readonly chunks: AsyncIterable<SnapshotRows>
}

/**
 * Where a follower gets the log from: Postgres itself, or an origin over HTTP. One contract suite runs over both.
 * `changes` raises EPOCH_MISMATCH, POSITION_AHEAD, LOG_DIVERGED or POSITION_TOO_OLD when the follower must start from a copy.
 */
export interface LogSource {
  /** Entities limit what a snapshot carries; all of the scopes' entities without it. */
  snapshot(scopes: readonly string[], options?: { readonly entities?: readonly EntityName[]; readonly signal?: AbortSignal }): Promise<Snapshot>
  changes(scopes: readonly string[], after: LogCursor, request?: ChangesRequest): Promise<ChangesPage>
  /** Rows by ranges of their keys, for who has most of them already; absent where the source can't compare. */
  readonly ranges?: RangeSource
}
