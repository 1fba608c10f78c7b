import type { EntityName } from '../storage/entities.ts'
import type { SnapshotHeader } from './source.ts'

/** Values of an entity's key columns, in their order. */
export type RowKey = readonly (string | number)[]

/** The rows of an entity whose keys lie after `after`, up to and with `through`; null stands for the end that is open. */
export interface KeyRange {
  readonly after: RowKey | null
  readonly through: RowKey | null
}

/** A range with what its rows add up to; see `digest.ts`. */
export interface RangeDigest extends KeyRange {
  readonly rows: number
  readonly digest: string
}

export interface EntityDigests {
  readonly header: SnapshotHeader
  /** In order of key; together they hold every key. */
  readonly ranges: readonly RangeDigest[]
}

export interface RangeRows {
  readonly header: SnapshotHeader
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  /** Where the rows end: the range's own end, or the last key where the limit came first. */
  readonly through: RowKey | null
}

/** Which rows a question is about. */
export interface EntityQuestion {
  readonly entity: EntityName
  /** The columns that the asker holds; one that the source does not know counts as null. */
  readonly columns: readonly string[]
  readonly signal?: AbortSignal
}

/** The rows of a source by ranges of their keys, each answer of one state of the database with the place it belongs to. */
export interface RangeSource {
  digests(scopes: readonly string[], question: EntityQuestion): Promise<EntityDigests>
  rows(scopes: readonly string[], question: EntityQuestion & { readonly range: KeyRange; readonly limit: number }): Promise<RangeRows>
}

/** Whether a range holds a key. */
export function isWithin(key: RowKey, { after, through }: KeyRange): boolean {
  return (after === null || compareKeys(key, after) > 0) && (through === null || compareKeys(key, through) <= 0)
}

/** As both databases order keys: text bytewise. The beginning of a key is equal to the whole of it. */
export function compareKeys(a: RowKey, b: RowKey): number {
  for (const [nth, left] of a.entries()) {
    const right = b[nth]
    if (right === undefined) break
    const order = typeof left === 'number' && typeof right === 'number' ? left - right : Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)))
    if (order !== 0) return order
  }
  return 0
}
