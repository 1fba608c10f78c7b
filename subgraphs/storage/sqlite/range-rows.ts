import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { RangeSum } from '../../log/digest.ts'
import type { KeyRange, RangeDigest, RowKey } from '../../log/ranges.ts'
import { entities, type ColumnType, type EntityName, type ReplicatedEntity } from '../entities.ts'
import { quote } from './replica-schema.ts'

type Row = Readonly<Record<string, unknown>>

/** A range that holds this many times the rows that it should is another one: it is not read further. */
const mostTimes = 8

/** Reads ranges of an entity's rows through one connection, and says what they add up to. */
export class RangeReader {
  readonly #connection: DatabaseSync
  readonly #key: readonly string[]
  readonly #columns: readonly (readonly [string, ColumnType])[]
  readonly #table: string

  constructor(connection: DatabaseSync, entity: EntityName) {
    const { key, columns }: ReplicatedEntity = entities[entity]
    this.#connection = connection
    this.#table = quote(entity)
    this.#key = key
    this.#columns = Object.entries(columns)
  }

  /** The rows of a range when they are those that `digest` says; null when they are not. */
  matching({ after, through, rows, digest }: RangeDigest): readonly Row[] | null {
    const { condition, values } = within(this.#key, { after, through })
    const columns = this.#columns.map(([name]) => quote(name)).join(', ')
    const found = this.#connection
      .prepare(`select ${columns} from main.${this.#table} where ${condition} limit ${(rows + 1) * mostTimes}`)
      .all(...values)
    if (found.length !== rows) return null
    const sum = new RangeSum()
    for (const row of found) sum.add(row, this.#columns)
    return sum.digest === digest ? found : null
  }
}

/** Deletes the rows of a range; in the caller's transaction. */
export function deleteRange(connection: DatabaseSync, entity: EntityName, range: KeyRange): void {
  const { condition, values } = within(entities[entity].key, range)
  connection.prepare(`delete from ${quote(entity)} where ${condition}`).run(...values)
}

function within(key: readonly string[], { after, through }: KeyRange): { condition: string; values: SQLInputValue[] } {
  const tuple = `(${key.map(quote).join(', ')})`
  const values: SQLInputValue[] = []
  const bound = (operator: string, place: RowKey | null): string[] => {
    if (place === null) return []
    values.push(...place)
    return [`${tuple} ${operator} (${place.map(() => '?').join(', ')})`]
  }
  return { condition: ['true', ...bound('>', after), ...bound('<=', through)].join(' and '), values }
}
