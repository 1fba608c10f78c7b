import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Change } from '../../shared/changes.ts'
import type { EntityName, ReplicatedEntity } from '../entities.ts'
import { entityOf, quote } from './replica-schema.ts'

type Row = Readonly<Record<string, unknown>>

/** Writes rows of the entities a replica holds; what it does not hold, or does not know, it leaves out. */
export class RowWriter {
  readonly #connection: DatabaseSync
  readonly #held: ReadonlySet<string>
  readonly #writers = new Map<string, ReturnType<typeof prepareEntity>>()

  constructor(connection: DatabaseSync, held: readonly EntityName[]) {
    this.#connection = connection
    this.#held = new Set(held)
  }

  holds(entity: string): boolean {
    return this.#held.has(entity)
  }

  put(entity: string, row: Row): void {
    this.#writer(entity)?.put(row)
  }

  apply(change: Change): void {
    const writer = this.#writer(change.entity)
    if (change.op === 'put' && change.row !== null) writer?.put(change.row)
    else writer?.remove(change.key)
  }

  /** The row with the change's key as it is now, or null. */
  previous(change: Change): Row | null {
    return this.#writer(change.entity)?.get(change.key) ?? null
  }

  /** Drops readings before an instant, series by series along the primary key: there are few series and many readings. */
  pruneReadings(before: number): void {
    if (!this.#held.has('reading')) return
    const next = this.#connection.prepare('select device_id, metric from reading where (device_id, metric) > (?, ?) order by device_id, metric limit 1')
    const prune = this.#connection.prepare('delete from reading where device_id = ? and metric = ? and at < ?')
    for (let series = next.get('', ''); series !== undefined; series = next.get(series.device_id ?? null, series.metric ?? null)) {
      prune.run(series.device_id ?? null, series.metric ?? null, before)
    }
  }

  /** Drops outcomes of writes that were recorded before an instant. */
  pruneOutcomes(before: number): void {
    if (this.#held.has('edge_operation')) this.#connection.prepare('delete from edge_operation where recorded_at < ?').run(before)
  }

  #writer(entity: string): ReturnType<typeof prepareEntity> | null {
    if (!this.#held.has(entity)) return null
    let writer = this.#writers.get(entity)
    if (writer === undefined) {
      const definition = entityOf(entity)
      if (definition === null) return null
      writer = prepareEntity(this.#connection, entity, definition)
      this.#writers.set(entity, writer)
    }
    return writer
  }
}

function prepareEntity(connection: DatabaseSync, name: string, { key, columns }: ReplicatedEntity) {
  const all = Object.keys(columns)
  const rest = all.filter((column) => !key.includes(column))
  const found = key.map((column) => `${quote(column)} = ?`).join(' and ')
  // An upsert, not a replace: the rowid of a row must outlive its changes, for search indexes refer to it.
  const conflict = rest.length === 0 ? 'nothing' : `update set ${rest.map((column) => `${quote(column)} = excluded.${quote(column)}`).join(', ')}`
  const put = connection.prepare(
    `insert into ${quote(name)} (${all.map(quote).join(', ')}) values (${all.map(() => '?').join(', ')}) on conflict (${key.map(quote).join(', ')}) do ${conflict}`,
  )
  const remove = connection.prepare(`delete from ${quote(name)} where ${found}`)
  const get = connection.prepare(`select ${all.map(quote).join(', ')} from ${quote(name)} where ${found}`)
  return {
    put: (row: Row) => void put.run(...all.map((column) => toSql(row[column]))),
    remove: (keyValues: readonly unknown[]) => void remove.run(...keyValues.map(toSql)),
    get: (keyValues: readonly unknown[]) => get.get(...keyValues.map(toSql)),
  }
}

function toSql(value: unknown): SQLInputValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  return JSON.stringify(value)
}
