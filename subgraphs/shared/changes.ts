import type { EntityName } from '../storage/entities.ts'

/** One row that changed, as the log carries it. */
export interface Change {
  /** 'chain' or 'store:<id>'. */
  readonly scope: string
  /** 1, 2, 3 … in its scope, without holes. */
  readonly position: number
  readonly entity: EntityName
  /** Values of the key columns, in the order of `entities[entity].key`. */
  readonly key: readonly (string | number)[]
  readonly op: 'put' | 'delete'
  /** The whole new row; null for a delete. */
  readonly row: Readonly<Record<string, unknown>> | null
  /** In a compacted log: so many positions right before this one had changes that later ones supersede, and are left out. */
  readonly absorbed?: number
}

/** Changes that became visible together: whoever applies whole batches always stands at a cut that the cloud really had. */
export interface Batch {
  /** Common to all scopes, increasing; a scope without changes in a batch has none with its number. */
  readonly number: number
  /** When the sequencer moved it, epoch milliseconds. */
  readonly at: number
  readonly changes: readonly Change[]
}

/** A place in the log: comparable only within one epoch. */
export interface LogPosition {
  readonly epoch: string
  readonly batch: number
}

/** Live changes, whatever carries them: the cloud's log, or the batches a store's node applies. */
export interface ChangeFeed {
  /**
   * The batches of one scope that become visible after this call, in order. Bounded: a reader that falls behind
   * gets the newest change of each key, never an endless queue. Ends when `signal` aborts or the iterator returns.
   */
  subscribe(scope: string, signal?: AbortSignal): AsyncIterableIterator<Batch>
}
