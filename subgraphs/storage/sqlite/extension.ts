import type { DatabaseSync } from 'node:sqlite'
import type { Change } from '../../shared/changes.ts'

/** A change together with the row it replaced (null where there was none). */
export interface AppliedChange extends Change {
  readonly previous: Readonly<Record<string, unknown>> | null
}

/** A module, and the name under which it exports something. */
export interface ExtensionModule {
  readonly url: string
  readonly name: string
}

/** Tells whether a derived table is still what it was derived as. */
export interface DerivedAudit {
  readonly table: string
  /** A statement that finds a row where it is not. */
  readonly wrong: string
}

/** Something derived from a replica's rows and kept in the same file, in the same transactions: a search index, say. */
export interface ReplicaExtension {
  readonly name: string
  /** Raise it when the derived tables change shape; an older file is then derived anew. */
  readonly version: number
  /** Where a thread of its own finds this extension, if that may derive it: one that needs nothing but the rows. */
  readonly module?: ExtensionModule
  /** Makes the derived tables in a new file. */
  create(connection: DatabaseSync): void
  /** Drops what was derived and derives it from all rows: after a snapshot, or when `version` changed. */
  rebuild(connection: DatabaseSync): void
  /** Called within the transaction that changed the rows, after they were changed; for a long batch part by part, in its order. */
  apply(connection: DatabaseSync, changes: readonly AppliedChange[]): void
  /** Called in the very step in which changes have become visible to other connections, all of a page at once. */
  visible?(changes: readonly AppliedChange[]): void
  /** For tables that are read in the place of rows, and that no digest is compared of. */
  readonly audits?: readonly DerivedAudit[]
}
