import { AisleError } from '../../../runtime/errors.ts'
import { readingsHeldSince } from '../../../subgraphs/log/retention.ts'
import type { ChangesPage, LogCursor, SnapshotHeader, SnapshotRows } from '../../../subgraphs/log/source.ts'
import type { Batch } from '../../../subgraphs/shared/changes.ts'
import { entities, type EntityName } from '../../../subgraphs/storage/entities.ts'
import type { UpkeepOptions } from '../../../subgraphs/log/upkeep.ts'
import { Commands, type CommandsBackup } from './commands.ts'
import type { HeirsClause } from './compact.ts'
import { appendDensely, StoredLog, type Append } from './log.ts'
import { Rows, scopeOf, type RowsBackup } from './rows.ts'

/** A backup of everything, as a database is restored from. */
export interface CloudBackup {
  readonly rows: RowsBackup
  readonly commands: CommandsBackup
  readonly log: StoredLog
}

/** What a simulation may change in how the log is written, to see whether it notices. */
export interface PlantedInLog {
  readonly append?: Append
  readonly heirs?: HeirsClause
}

/**
 * The cloud in memory: tables with capture, the domain's commands, the sequencer's move under its fence, and the reader of the log. It keeps
 * the laws that Postgres and origin keep; `cloud.test.ts` holds both to one contract.
 */
export class ModelCloud {
  readonly rows: Rows
  readonly commands: Commands
  log: StoredLog
  /** Told of every batch that has become visible. */
  readonly onBatch = new Set<(batch: Batch) => void>()
  readonly #now: () => number
  readonly #append: Append
  readonly #heirs: HeirsClause | undefined
  /** Batches ever moved, whatever a restored backup knows of. */
  #moved = 0
  /** Somebody holds the fence's row. */
  fenced = false
  /** Who holds it waits for nobody; others wait for it. */
  #fence: Promise<void> = Promise.resolve()

  constructor(now: () => number, { append = appendDensely, heirs }: PlantedInLog = {}) {
    this.#now = now
    this.#append = append
    this.#heirs = heirs
    this.rows = new Rows(now)
    this.commands = new Commands(this.rows)
    this.log = new StoredLog('epoch-1')
  }

  get now(): number {
    return this.#now()
  }

  /** Moves what was committed to the log, as one batch; null where nothing waits. One statement sees one state. */
  move(): Batch | null {
    if (this.rows.outbox.length === 0) return null
    const moved = this.rows.outbox
    this.rows.outbox = []
    const batch = this.#append(this.log, moved, this.#now())
    this.#moved += 1
    this.log.add(batch, `stamp-${this.#moved}`)
    for (const listener of this.onBatch) listener(batch)
    return batch
  }

  /**
   * The same as a sequencer does it: the fence's row is locked by one statement, and the next one moves. `between` is what happens in between;
   * what it throws ends the transaction without a trace.
   */
  async moveFenced(between: () => Promise<void>): Promise<void> {
    const before = this.#fence
    const mine = Promise.withResolvers<void>()
    this.#fence = mine.promise
    try {
      await before
      this.fenced = true
      await between()
      this.move()
    } finally {
      this.fenced = false
      mine.resolve()
    }
  }

  changes(scopes: readonly string[], after: LogCursor, limit: number): ChangesPage {
    return this.log.read(scopes, after, limit, this.#head())
  }

  snapshot(scopes: readonly string[], wanted: readonly EntityName[] = Object.keys(entities) as EntityName[]): { readonly header: SnapshotHeader; readonly chunks: readonly SnapshotRows[] } {
    const { at, now } = this.#head()
    const { epoch, batch, positions } = this.log
    const chunks = wanted.flatMap((entity): SnapshotRows[] => {
      const rows = this.rows.all(entity).filter((row) => scopes.includes(scopeOf(entity, row)) && (entity !== 'reading' || Number(row.at) >= readingsHeldSince(at)))
      return rows.length === 0 ? [] : [{ entity, rows }]
    })
    const ofScopes = Object.fromEntries(Object.entries(positions).filter(([scope]) => scopes.includes(scope)))
    return {
      header: {
        head: { epoch, batch, ...this.log.stampOf(batch), at, now },
        consistentFrom: this.rows.outbox.length > 0 ? batch + 1 : batch,
        positions: ofScopes,
        rows: chunks.reduce((sum, { rows }) => sum + rows.length, 0),
      },
      chunks,
    }
  }

  /** The log is compacted up to this batch. @returns how many changes were dropped. */
  compact(upTo: number): number {
    return this.log.compact(upTo, this.#heirs)
  }

  /** What `upkeep` does in a round: the log is pruned, then compacted. */
  upkeep({ compactAfterMs, retentionMs }: Pick<UpkeepOptions, 'compactAfterMs' | 'retentionMs'>): void {
    const { log } = this
    log.prune(log.batchBefore(this.#now() - retentionMs))
    this.compact(log.batchBefore(this.#now() - compactAfterMs))
  }

  backup(): CloudBackup {
    return { rows: this.rows.backup(), commands: this.commands.backup(), log: this.log.copy() }
  }

  /** The database is taken back; whoever does so gives the log a new epoch. */
  restore({ rows, commands, log }: CloudBackup, epoch: string): void {
    this.rows.restore(rows)
    this.commands.restore(commands)
    this.log = log.copy()
    this.log.epoch = epoch
  }

  /** @throws AisleError STORE_UNKNOWN */
  requireStore(storeId: string): void {
    if (this.rows.get('store', [storeId]) === null) throw new AisleError('STORE_UNKNOWN', `There is no store ${storeId}.`)
  }

  #head(): { at: number; now: number } {
    const now = this.#now()
    return { at: this.rows.outbox.length > 0 ? this.log.batchAt : now, now }
  }
}
