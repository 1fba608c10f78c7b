import type { RowReader } from './row.ts'
import type { TableName } from './source.ts'

/** A value on its way to Postgres. */
export type Cell = string | number | null

/** A column that names a row of another table. */
export interface Reference {
  readonly column: string
  /** Where it must exist once the tables before this one have loaded. */
  readonly table: 'product' | 'store' | 'sale' | 'device'
  /** What a person calls it. */
  readonly noun: string
}

/** Something that the importer decided about good rows; counted by its text and told in the report. */
export type Remark = (text: string, rows?: number) => void

/**
 * How one table of the import format becomes rows of the database: read and checked row by row into a staging table
 * `staged` (its first column is `line`), checked there for what takes all rows to see, then merged.
 */
export interface ImportTable {
  readonly name: TableName
  /** The tables of the database that it fills. */
  readonly into: readonly string[]
  /** Columns that a file must have; it may lack the others. */
  readonly required: readonly string[]
  /** Staging columns and their types, in the order of `read`'s cells. */
  readonly staging: Readonly<Record<string, 'text collate "C"' | 'integer' | 'bigint' | 'double precision'>>
  /** @throws RowProblem */
  read(row: RowReader, remark: Remark): readonly Cell[]
  readonly references: readonly Reference[]
  /** Staging columns that must not repeat; a later row with the same values is rejected. */
  readonly key: readonly string[]
  /** Merges `staged` and says how many of its rows changed something. */
  merge(context: MergeContext): Promise<number>
}

export type Run = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** What a merge works with. */
export interface MergeContext {
  /** Runs one statement in the import's transaction. */
  readonly run: Run
  /** Runs one insert, update or delete, and says how many rows it touched. */
  readonly change: (text: string, values?: readonly unknown[]) => Promise<number>
  readonly remark: Remark
  /** Epoch milliseconds: when what carries no time of its own counts as set. */
  readonly now: number
}
