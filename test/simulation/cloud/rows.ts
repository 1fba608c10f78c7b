import type { Change } from '../../../subgraphs/shared/changes.ts'
import { chainScope, entities, storeScope, type EntityName, type ReplicatedEntity } from '../../../subgraphs/storage/entities.ts'

export type Row = Readonly<Record<string, unknown>>

/** One row to put, or (without a row) the key of one to delete. */
export type RowWrite = { readonly entity: EntityName; readonly row: Row } | { readonly entity: EntityName; readonly key: readonly (string | number)[] }

/** A change that waits for the sequencer; `seq` is drawn when the row is written, under its lock. */
export interface Captured extends Omit<Change, 'position'> {
  readonly seq: number
}

type Key = readonly (string | number)[]

/** A transaction that stays open: nobody sees its rows, or its changes, before it commits. */
export interface OpenTransaction {
  write(...writes: readonly RowWrite[]): void
  commit(): void
  rollback(): void
}

/** What can be taken back to later. */
export interface RowsBackup {
  readonly tables: ReadonlyMap<EntityName, ReadonlyMap<string, Row>>
  readonly outbox: readonly Captured[]
}

/** The cloud's tables with their capture: every change of a row enters the outbox in the writer's transaction, as migration 0004 has it. */
export class Rows {
  /** Committed changes that no sequencer has moved. */
  outbox: Captured[] = []
  /** Told when there is something to move. */
  onCapture: () => void = () => {}
  readonly #tables = new Map<EntityName, Map<string, Row>>()
  readonly #now: () => number
  #seq = 0

  constructor(now: () => number) {
    this.#now = now
  }

  get(entity: EntityName, key: Key): Row | null {
    return this.#table(entity).get(JSON.stringify(key)) ?? null
  }

  all(entity: EntityName): Row[] {
    return [...this.#table(entity).values()]
  }

  /** Writes rows in one transaction. */
  write(...writes: readonly RowWrite[]): void {
    for (const write of writes) this.#apply(write, this.#draw(write))
  }

  begin(): OpenTransaction {
    const pending: { write: RowWrite; drawn: number }[] = []
    return {
      write: (...writes) => {
        for (const write of writes) pending.push({ write, drawn: this.#draw(write) })
      },
      commit: () => {
        for (const { write, drawn } of pending.splice(0)) this.#apply(write, drawn)
      },
      rollback: () => void pending.splice(0),
    }
  }

  backup(): RowsBackup {
    return { tables: new Map([...this.#tables].map(([name, table]) => [name, new Map(table)])), outbox: [...this.outbox] }
  }

  restore({ tables, outbox }: RowsBackup): void {
    this.#tables.clear()
    for (const [name, table] of tables) this.#tables.set(name, new Map(table))
    this.outbox = [...outbox]
  }

  /** Two numbers a row: a row that changes scope leaves a tombstone first. */
  #draw(_write: RowWrite): number {
    this.#seq += 2
    return this.#seq
  }

  #apply(write: RowWrite, seq: number): void {
    const { key: keyColumns }: ReplicatedEntity = entities[write.entity]
    const row = 'row' in write ? whole(write.entity, write.row) : null
    const key = 'row' in write ? keyColumns.map((column) => write.row[column] as string | number) : write.key
    const table = this.#table(write.entity)
    const name = JSON.stringify(key)
    const old = table.get(name) ?? null
    if (JSON.stringify(old) === JSON.stringify(row)) return
    if (row === null) table.delete(name)
    else table.set(name, row)
    if (write.entity === 'reading' && Number(row?.at ?? 0) < this.#now() - 604_800_000) return
    const { entity } = write
    const oldScope = old === null ? null : scopeOf(entity, old)
    const newScope = row === null ? null : scopeOf(entity, row)
    if (oldScope !== null && oldScope !== newScope) this.outbox.push({ seq: seq - 1, scope: oldScope, entity, key, op: 'delete', row: null })
    if (row !== null && newScope !== null) this.outbox.push({ seq, scope: newScope, entity, key, op: 'put', row })
    this.onCapture()
  }

  #table(entity: EntityName): Map<string, Row> {
    let table = this.#tables.get(entity)
    if (table === undefined) {
      table = new Map()
      this.#tables.set(entity, table)
    }
    return table
  }
}

/** Every column has a value, as in a table. */
function whole(entity: EntityName, row: Row): Row {
  return Object.fromEntries(Object.keys(entities[entity].columns).map((column) => [column, row[column] ?? null]))
}

/** The scope that a row belongs to. */
export function scopeOf(entity: EntityName, row: Row): string {
  const { scope }: ReplicatedEntity = entities[entity]
  const id = scope === 'chain' ? '' : row[scope]
  return typeof id !== 'string' || id === '' ? chainScope : storeScope(id)
}
