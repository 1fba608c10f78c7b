import type { DatabaseSync } from 'node:sqlite'
import type { DeviceCommands } from '../../subgraphs/device/commands.ts'
import type { InventoryCommands } from '../../subgraphs/inventory/commands.ts'
import type { ChangeFeed, LogPosition } from '../../subgraphs/shared/changes.ts'
import type { ReadLog } from '../../subgraphs/shared/reads.ts'
import type { Storage } from '../../subgraphs/storage/storage.ts'
import type { Moves } from './cache/moves.ts'
import type { NodeState } from './state.ts'

/** What an answer says of its age. */
export interface DataStatus {
  /** How the node stands with the cloud, in one word. */
  readonly state: NodeState
  /** Null until the first copy has arrived. */
  readonly position: LogPosition | null
  /** The latest instant (epoch milliseconds, the cloud's clock) at which this position is known to have been the newest. */
  readonly asOf: number | null
  /** Whole seconds since `asOf` by this node's monotonic clock where it can tell, else by its wall clock. */
  readonly ageSeconds: number
  /** True while origin answers. */
  readonly online: boolean
  /** Writes that wait for their delivery. */
  readonly pendingOperations: number
  /** Readings before this instant are not held here. */
  readonly readingsSince: number | null
}

/** One read transaction: everything read through it stands at one cut. The holder releases it. */
export interface ReadSession extends Disposable {
  readonly storage: Storage
  readonly connection: DatabaseSync
  readonly position: LogPosition | null
  /** The latest instant (epoch milliseconds, the cloud's clock) at which the cut was known to be the newest, when it was taken. */
  readonly asOf: number | null
  /** Moves to the newest cut: after a write, so that its answer shows it. */
  refresh(): void
}

/** What of a copy is found damaged and not mended yet: nothing that touches it may be answered. */
export interface DamageGuard {
  /** Grows whenever something else is found, or all is mended. */
  readonly version: number
  /** Tells `reads` of what is read, and refuses with COPY_DAMAGED what touches damage. */
  guard(reads: ReadLog | undefined): ReadLog | undefined
}

/** A store's own copy of its data, as the serving side sees it. */
export interface NodeData extends AsyncDisposable {
  readonly storeId: string
  /** @throws AisleError NOT_READY before the first copy has arrived. */
  read(): Promise<ReadSession>
  /** The same at once; null where it has to be waited for, or cannot be had. */
  readNow(): ReadSession | null
  /** Outside any transaction: each statement sees the newest cut. For the bookkeeping of a subscription between events. */
  readonly latest: Storage
  status(): DataStatus
  /** Applied batches, and this node's own writes as soon as they are kept. */
  readonly changes: ChangeFeed
  /** When each part of the data last changed, pending writes among it: for who keeps what was read. */
  readonly moves: Moves
  readonly damage: DamageGuard
  readonly inventory: InventoryCommands
  readonly device: DeviceCommands
}
