import { DatabaseSync } from 'node:sqlite'
import { AisleError } from '../../../runtime/errors.ts'
import { outcomesHeldSince, readingsHeldSince } from '../../log/retention.ts'
import type { BatchPart, LogHead, SnapshotHeader, SnapshotRows } from '../../log/source.ts'
import type { Batch, Change } from '../../shared/changes.ts'
import type { EntityName } from '../entities.ts'
import type { AppliedChange, ReplicaExtension } from './extension.ts'
import { ensureExtensions, rebuildExtensions } from './replica-extensions.ts'
import { ensureTables, replicaFormat, shapeOf } from './replica-schema.ts'
import { booksWriter, readBooks, type ReplicaBooks } from './replica-state.ts'
import { RowWriter } from './row-writer.ts'
import { atOnce } from './slices.ts'

/** A batch as a replica took it in. */
export interface AppliedBatch extends Batch {
  readonly changes: readonly AppliedChange[]
}

export interface ReplicaFileOptions {
  readonly scopes: readonly string[]
  readonly entities: readonly EntityName[]
  readonly extensions: readonly ReplicaExtension[]
  /** True while a fresh copy is being filled: nobody reads it, and losing it costs only time. */
  readonly building: boolean
  /** A copy being filled that outlives its process. */
  readonly lasting?: boolean
  /** Told before a transaction begins, and when it has ended. */
  readonly onWrite?: () => void
}

/** Changes after which others may have a turn. */
const sliceChanges = 10
const stagedAtOnce = 200

/** One SQLite file with rows of some scopes, all at one position. */
export class ReplicaFile implements Disposable {
  readonly path: string
  readonly connection: DatabaseSync
  readonly #options: ReplicaFileOptions
  readonly #rows: RowWriter
  readonly #write: (books: ReplicaBooks) => void
  readonly #staged: Map<string, number>
  #books: ReplicaBooks | null

  constructor(path: string, options: ReplicaFileOptions) {
    this.path = path
    this.#options = options
    const connection = new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 5_000 })
    this.connection = connection
    try {
      if (!isUsable(connection, options.scopes)) throw new UnusableFile(path)
      if (options.building && options.lasting !== true) connection.exec('pragma locking_mode = exclusive; pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -32000')
      else connection.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma journal_size_limit = 67108864')
      this.transact(() => {
        // A file that has it all is not written to, so that it serves from a full disk too.
        if (connection.prepare('pragma user_version').get()?.user_version !== replicaFormat) connection.exec(`pragma user_version = ${replicaFormat}`)
        ensureTables(connection, options.entities)
        const addScope = connection.prepare('insert into replica_scope (scope) values (?) on conflict do nothing')
        for (const scope of options.scopes) addScope.run(scope)
      })
      this.#rows = new RowWriter(connection, options.entities)
      this.#write = booksWriter(connection)
      this.#books = readBooks(connection)
      const staged = connection.prepare('select scope, max(position) as position from replica_staged group by scope').all()
      this.#staged = new Map(staged.map((row) => [String(row.scope), Number(row.position)]))
      this.transact(() => ensureExtensions(connection, options.extensions, this.#books !== null))
    } catch (error) {
      connection.close()
      throw error
    }
  }

  get books(): ReplicaBooks | null {
    return this.#books
  }

  /** True when these rows were fetched for other entities or columns than are asked for now. */
  get outdated(): boolean {
    return this.#books !== null && this.#books.shape !== shapeOf(this.#options.entities)
  }

  /** A fresh copy begins: where its rows will stand. */
  begin(header: SnapshotHeader): void {
    const { head, consistentFrom, positions } = header
    const position = { epoch: head.epoch, batch: head.batch }
    this.#keep({ position, asOf: head.at, consistentFrom, readingsSince: readingsHeldSince(head.at), positions, shape: shapeOf(this.#options.entities), within: null, stamp: head.stamp ?? null })
  }

  addRows({ entity, rows }: SnapshotRows): void {
    if (!this.#rows.holds(entity)) return
    this.transact(() => {
      for (const row of rows) this.#rows.put(entity, row)
    })
  }

  /** The same in the caller's transaction. */
  putRows(entity: EntityName, rows: readonly NonNullable<Change['row']>[]): void {
    if (this.#rows.holds(entity)) for (const row of rows) this.#rows.put(entity, row)
  }

  /** What the rows are as of is not known any more: they are compared anew. */
  forgetPlace(): void {
    this.transact(() => this.connection.exec('delete from replica_staged; delete from replica_state'))
    this.#staged.clear()
    this.#books = null
  }

  /** Derives what the extensions keep from rows that came without their changes. */
  deriveAll(which: (extension: ReplicaExtension) => boolean = () => true): void {
    this.transact(() => rebuildExtensions(this.connection, this.#options.extensions.filter(which)))
  }

  /**
   * Takes in parts in their order: whole batches become visible in one transaction, the beginning of a batch too big for
   * one answer waits in a table until its last part is there. What was taken in before is passed over.
   * @throws AisleError LOG_GAP when a position is missing; nothing of these parts is then kept.
   */
  apply(parts: readonly BatchPart[]): AppliedBatch[] {
    return atOnce(this.applying(parts))
  }

  /** The same, with pauses in which nothing of it is visible yet; nobody else may write meanwhile. */
  *applying(parts: readonly BatchPart[]): Generator<undefined, AppliedBatch[]> {
    const applied: AppliedBatch[] = []
    let whole: BatchPart[] = []
    for (const part of parts) {
      if (part.complete) {
        whole.push(part)
        continue
      }
      if (whole.length > 0) applied.push(...(yield* this.#applyWhole(whole)))
      whole = []
      this.stage(part)
      yield
    }
    if (whole.length > 0) applied.push(...(yield* this.#applyWhole(whole)))
    return applied
  }

  /** Keeps the beginning of a batch that is too big for one answer, durably, without showing it. */
  stage(part: BatchPart): void {
    const books = this.#required()
    if (part.number <= books.position.batch) return
    let within = books.within
    try {
      this.#expectStagedOf(part, books)
      this.transact(() => {
        const insert = this.connection.prepare('insert into replica_staged (scope, position, change) values (?, ?, ?)')
        for (const change of part.changes) {
          this.#expectUnheard(change, books)
          const known = Math.max(books.positions[change.scope] ?? 0, this.#staged.get(change.scope) ?? 0)
          if (change.position > known) {
            this.#expectNext(change, known)
            insert.run(change.scope, change.position, JSON.stringify(change))
            this.#staged.set(change.scope, change.position)
          }
          within = { batch: part.number, scope: change.scope, position: change.position, ...(part.stamp === undefined ? {} : { stamp: part.stamp }) }
        }
        this.#write({ ...books, within })
      })
    } catch (error) {
      this.#forgetStaged()
      throw error
    }
    this.#books = { ...books, within }
  }

  /** Nothing came for these scopes up to `head`: the position moves on with the rows as they are. */
  advance(head: LogHead): void {
    const books = this.#required()
    if (head.epoch !== books.position.epoch || head.batch < books.position.batch || books.within !== null) return
    if (head.batch === books.position.batch && head.at <= books.asOf) return
    const position = { epoch: head.epoch, batch: head.batch }
    this.#rowsAndBooks(() => ({ ...books, position, asOf: Math.max(books.asOf, head.at), stamp: head.stamp ?? null }))
  }

  [Symbol.dispose](): void {
    if (this.connection.isOpen) this.connection.close()
  }

  transact(work: () => void): void {
    this.#begin()
    try {
      work()
      this.#commit()
    } catch (error) {
      if (this.connection.isTransaction) this.connection.exec('rollback')
      throw error
    }
  }

  #begin(): void {
    this.#options.onWrite?.()
    this.connection.exec('begin immediate')
  }

  #commit(): void {
    this.connection.exec('commit')
    this.#options.onWrite?.()
  }

  *#applyWhole(batches: readonly BatchPart[]): Generator<undefined, AppliedBatch[]> {
    const applied: AppliedBatch[] = []
    const hadStaged = this.#staged.size > 0
    let current = this.#required()
    this.#begin()
    try {
      for (const batch of batches) {
        if (batch.number <= current.position.batch) continue
        this.#expectStagedOf(batch, current)
        const { changes, positions } = yield* this.#applyBatch(batch, current)
        const since = Math.max(current.readingsSince, readingsHeldSince(batch.at))
        if (since > current.readingsSince) {
          this.#rows.pruneReadings(since)
          this.#rows.pruneOutcomes(outcomesHeldSince(batch.at))
        }
        current = {
          ...current,
          position: { epoch: current.position.epoch, batch: batch.number },
          asOf: Math.max(current.asOf, batch.at),
          readingsSince: since,
          positions,
          within: null,
          stamp: batch.stamp ?? null,
        }
        applied.push({ number: batch.number, at: batch.at, changes })
      }
      this.#write(current)
      this.#commit()
    } catch (error) {
      if (this.connection.isTransaction) this.connection.exec('rollback')
      if (hadStaged) this.#forgetStaged()
      throw error
    }
    this.#books = current
    if (!this.#options.building) {
      const changes = applied.flatMap((batch) => batch.changes)
      for (const extension of this.#options.extensions) extension.visible?.(changes)
    }
    return applied
  }

  *#applyBatch(batch: BatchPart, books: ReplicaBooks): Generator<undefined, { changes: AppliedChange[]; positions: Record<string, number> }> {
    const positions: Record<string, number> = { ...books.positions }
    const changes: AppliedChange[] = []
    let derived = 0
    const derive = (): void => {
      const slice = changes.slice(derived)
      derived = changes.length
      // A copy that is being filled derives everything at once when it is complete.
      if (!this.#options.building) for (const extension of this.#options.extensions) extension.apply(this.connection, slice)
    }
    for (const change of this.#withStaged(batch)) {
      this.#expectUnheard(change, books)
      const known = positions[change.scope] ?? 0
      if (change.position <= known) continue
      this.#expectNext(change, known)
      positions[change.scope] = change.position
      changes.push({ ...change, previous: this.#options.building ? null : this.#rows.previous(change) })
      this.#rows.apply(change)
      if (changes.length - derived < sliceChanges) continue
      derive()
      yield
    }
    derive()
    return { changes, positions }
  }

  /** What is staged, a few at a time, then the rest of the batch. */
  *#withStaged(batch: BatchPart): Generator<Change> {
    if (this.#staged.size > 0) {
      const next = this.connection.prepare('select scope, position, change from replica_staged order by scope, position limit ?')
      const drop = this.connection.prepare('delete from replica_staged where (scope, position) <= (?, ?)')
      for (let some = next.all(stagedAtOnce); some.length > 0; some = next.all(stagedAtOnce)) {
        for (const { change } of some) yield JSON.parse(String(change)) as Change
        const last = some.at(-1)
        drop.run(last?.scope ?? null, last?.position ?? null)
      }
      this.#staged.clear()
    }
    yield* batch.changes
  }

  #expectStagedOf(batch: BatchPart, { within, position }: ReplicaBooks): void {
    if (within === null || within.batch === batch.number) return
    // More of what it is whole with has been compacted since.
    if (batch.after !== undefined && batch.after <= position.batch && batch.number > within.batch) return
    throw new AisleError('LOG_GAP', `Batch ${within.batch} broke off: batch ${batch.number} came before its end.`)
  }

  #expectNext(change: Change, known: number): void {
    if (change.position > known && firstOf(change) <= known + 1 && this.#options.scopes.includes(change.scope)) return
    throw new AisleError('LOG_GAP', `Position ${known + 1} of scope ${change.scope} is missing: ${change.position} came after ${known}.`)
  }

  /** A newer batch never has a position of an older one: this log is not the one that was followed so far. */
  #expectUnheard({ scope, position }: Change, { positions, position: { batch } }: ReplicaBooks): void {
    if (position > (positions[scope] ?? 0)) return
    throw new AisleError('LOG_GAP', `Position ${position} of scope ${scope} came again after batch ${batch}: the log was taken back and went on otherwise.`)
  }

  /** Back to the end of the last whole batch: from there everything can be had again. */
  #forgetStaged(): void {
    const books = this.#required()
    this.connection.exec('delete from replica_staged')
    this.#staged.clear()
    this.#keep({ ...books, within: null })
  }

  #rowsAndBooks(work: (books: ReplicaBooks) => ReplicaBooks): void {
    let books = this.#required()
    this.transact(() => {
      books = work(books)
      this.#write(books)
    })
    this.#books = books
  }

  #keep(books: ReplicaBooks): void {
    this.#write(books)
    this.#options.onWrite?.()
    this.#books = books
  }

  #required(): ReplicaBooks {
    if (this.#books === null) throw new AisleError('NOT_READY', 'This replica has no copy yet to apply changes to.')
    return this.#books
  }
}

/** A file of another format, or with rows of other scopes. */
export class UnusableFile extends Error {
  override readonly name = 'UnusableFile'

  constructor(path: string) {
    super(`${path} is of another format, or of other scopes.`)
  }
}

function isUsable(connection: DatabaseSync, scopes: readonly string[]): boolean {
  const format = Number(connection.prepare('pragma user_version').get()?.user_version)
  const has = (where: string): boolean => connection.prepare(`select 1 from sqlite_schema ${where} limit 1`).get() !== undefined
  // A file that was made but never finished has no tables yet.
  if (format === 0) return !has('')
  if (format !== replicaFormat || !has("where name = 'replica_scope'")) return false
  const held = connection.prepare('select scope from replica_scope').all().map((row) => String(row.scope))
  return held.length === scopes.length && scopes.every((scope) => held.includes(scope))
}

/** The first position that a change stands for. */
function firstOf({ position, absorbed = 0 }: Change): number {
  return position - absorbed
}
