import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { thisMachine, type Machine } from '../../../runtime/machine.ts'
import type { RangeTarget } from '../../log/range-copy.ts'
import type { RangeDigest } from '../../log/ranges.ts'
import type { BatchPart, ChangesPage, LogCursor, LogHead, SnapshotHeader, SnapshotRows } from '../../log/source.ts'
import type { LogPosition } from '../../shared/changes.ts'
import type { EntityName } from '../entities.ts'
import { isDamage } from './damage.ts'
import type { ReplicaExtension } from './extension.ts'
import type { DamagedTables } from './file-check.ts'
import { runFileTask, type RunFileTask } from './file-tasks.ts'
import { RangeReader } from './range-rows.ts'
import { ReplicaFile, UnusableFile, type AppliedBatch, type ReplicaFileOptions } from './replica-file.ts'
import { removeDatabase, ReplicaParts } from './replica-parts.ts'
import { allEntities } from './replica-schema.ts'
import type { ReplicaState } from './replica-state.ts'
import { atOnce, inSlices } from './slices.ts'
import { WatchedDatabase } from './watched.ts'

export type { AppliedBatch } from './replica-file.ts'
export { readReplicaState, type ReplicaState } from './replica-state.ts'

export interface ReplicaOptions {
  /** Path of the SQLite file; its folder is made where it is missing. */
  readonly file: string
  readonly scopes: readonly string[]
  /** What to hold; all entities of the log without it. */
  readonly entities?: readonly EntityName[]
  readonly extensions?: readonly ReplicaExtension[]
  readonly machine?: Machine
  /** Does long work on the file (default: a thread of its own). */
  readonly runTask?: RunFileTask
  /** Told under which name a file that cannot be used was put aside, and why. */
  readonly onPutAside?: (aside: string, why: unknown) => void
}

/**
 * A copy of some scopes of the log in one SQLite file (WAL), rows and position always in one transaction. One process writes
 * it through this object; readers have connections of their own. Everything in it can be fetched again: a file that cannot
 * be used is put aside as `<file>.damaged` and the replica starts empty.
 */
export interface Replica extends Disposable {
  readonly file: string
  readonly scopes: readonly string[]
  readonly entities: readonly EntityName[]
  /** Grows when a fresh copy takes the file's place: readers opened before still see the old copy, and should be opened again. */
  readonly generation: number
  /** True without a copy, and when the copy was made for other entities or columns; the old copy still serves then. */
  readonly needsSnapshot: boolean
  /** Null before the first copy. */
  state(): ReplicaState | null
  position(): LogPosition | null
  /** Position of each scope that had changes. */
  positions(): Readonly<Record<string, number>>
  /** Where to go on in the log, inside a batch where one has not arrived whole; null before the first copy. */
  cursor(): LogCursor | null
  /** Begins a fresh copy in `<file>.new`, dropping one that was begun before. The present copy goes on serving. */
  beginSnapshot(header: SnapshotHeader): void
  snapshotRows(chunk: SnapshotRows): void
  /** Moves the fresh copy on along the log: needed up to `consistentFrom` before it can take its place. */
  catchUp(page: ChangesPage): void
  /** Where the fresh copy goes on in the log; null when none is being made. */
  catchUpCursor(): LogCursor | null
  /** Whether the fresh copy stands at a cut that the cloud really had. */
  readonly caughtUp: boolean
  /** Puts the fresh copy in the present one's place, in one step. */
  finishSnapshot(): void
  /**
   * Takes in parts in their order; whole batches become visible, others are staged. Passing what it has again changes nothing.
   * @returns the batches that became visible, each change with the row it replaced.
   * @throws AisleError LOG_GAP when a position is missing; nothing of these parts is then kept.
   */
  apply(parts: readonly BatchPart[]): AppliedBatch[]
  /** `apply`, then `advance` where the page reaches the head of the log. */
  applyPage(page: ChangesPage): AppliedBatch[]
  /** Keeps the beginning of a batch without showing it; `apply` does so by itself for parts that are not complete. */
  stage(part: BatchPart): void
  /** The log has nothing more up to `head`: moves the position and `asOf` on. */
  advance(head: LogHead): void
  /**
   * Begins a fresh copy that is put together by ranges, or goes on with one that was broken off: out of what is here already, and
   * what is fetched. The present copy goes on serving.
   */
  beginParts(): RangeTarget
  /** `finishSnapshot`, with what takes long done on a thread of its own. */
  finishCopy(): Promise<void>
  /** `applyPage` in slices, between which others have their turn; `stop` breaks it off, and nothing of it is then kept. */
  takePage(page: ChangesPage, stop?: AbortSignal): Promise<AppliedBatch[]>
  /** True while a page is being taken in slices: nobody else can write to the file. */
  readonly busy: boolean
  /** Whether a range is what the digest says. @throws what SQLite raises where the file is damaged. */
  matches(entity: EntityName, range: RangeDigest): boolean
  /** Looks through the whole file, on a thread of its own: which tables are damaged, as SQLite and the extensions can tell. */
  check(): Promise<DamagedTables>
  /** True when the process that had the file last did not close it. */
  readonly unclean: boolean
  /** Told when a reader meets damage in the file. */
  onDamage(listener: (error: unknown) => void): void
  /**
   * Told before each transaction on the file, and when it has ended: a read transaction from before is of an earlier cut, and what it
   * still reads of the WAL keeps that from beginning anew.
   */
  onWrite(listener: () => void): void
  /** Tells them, for who writes to the file beside the log. */
  writing(): void
  /** A new connection that can only read. The caller closes it. */
  reader(): DatabaseSync
  close(): void
}

/** Opens a replica, or makes an empty one. */
export function openReplica(options: ReplicaOptions): Replica {
  const { file, scopes, entities = allEntities, extensions = [], machine = thisMachine, runTask = runFileTask } = options
  const fresh = `${file}.new`
  const ready = `${file}.ready`
  const partly = `${file}.part`
  const opened = `${file}.open`
  const writeListeners: (() => void)[] = []
  const writing = (): void => {
    for (const listener of writeListeners) listener()
  }
  const fileOptions: ReplicaFileOptions = { scopes, entities, extensions, building: false, onWrite: writing }
  mkdirSync(dirname(file), { recursive: true })
  removeDatabase(fresh)
  if (existsSync(ready)) takePlace(ready, file)
  const unclean = existsSync(opened)
  let current = openOrReplace(file, fileOptions, options.onPutAside)
  mark(opened)
  const listeners: ((error: unknown) => void)[] = []
  const openReader = (): DatabaseSync => new WatchedDatabase(file, { readOnly: true, timeout: 5_000 }, (error) => {
    for (const listener of listeners) listener(error)
  })
  let busy = false
  let building: ReplicaFile | null = null
  let generation = 1
  let closed = false

  const filling = (): ReplicaFile => {
    if (building === null) throw new Error('No fresh copy is being made: call beginSnapshot first.')
    return building
  }
  const caughtUp = (): boolean => {
    const books = building?.books ?? null
    return books !== null && books.position.batch >= books.consistentFrom
  }
  /** The file's place may have been taken while the disk did not let the new one be opened. */
  const live = (): ReplicaFile => {
    if (!current.connection.isOpen && !closed) current = new ReplicaFile(file, fileOptions)
    return current
  }
  const rangeReader = (connection: DatabaseSync) => {
    const readers = new Map<EntityName, RangeReader>()
    return (entity: EntityName): RangeReader => {
      const known = readers.get(entity) ?? new RangeReader(connection, entity)
      readers.set(entity, known)
      return known
    }
  }
  const swap = (from: string): void => {
    syncFile(from)
    renameSync(from, ready)
    writing()
    current[Symbol.dispose]()
    takePlace(ready, file)
    generation += 1
    current = live()
  }
  const close = (): void => {
    if (!closed) rmSync(opened, { force: true })
    closed = true
    building?.[Symbol.dispose]()
    building = null
    current[Symbol.dispose]()
  }

  return {
    file,
    scopes,
    entities,
    get generation() {
      return generation
    },
    get needsSnapshot() {
      return current.books === null || current.outdated
    },
    get caughtUp() {
      return caughtUp()
    },
    state: () => current.books,
    position: () => current.books?.position ?? null,
    positions: () => current.books?.positions ?? {},
    cursor: () => cursorOf(current),
    beginSnapshot(header) {
      building?.[Symbol.dispose]()
      removeDatabase(fresh)
      building = new ReplicaFile(fresh, { ...fileOptions, building: true })
      building.begin(header)
    },
    snapshotRows: (chunk) => filling().addRows(chunk),
    catchUp: (page) => void takePage(filling(), page),
    catchUpCursor: () => (building === null ? null : cursorOf(building)),
    finishSnapshot() {
      const copy = filling()
      if (!caughtUp()) throw new Error('The fresh copy is not yet at a cut that the cloud really had: catchUp first.')
      copy.deriveAll()
      copy[Symbol.dispose]()
      building = null
      swap(copy.path)
    },
    beginParts() {
      building?.[Symbol.dispose]()
      const present = current.connection.isOpen && current.books !== null ? rangeReader(current.connection) : () => null
      const parts = new ReplicaParts(partly, { ...fileOptions, building: true, lasting: true }, present)
      building = parts.file
      return parts
    },
    async finishCopy() {
      const copy = filling()
      if (!caughtUp()) throw new Error('The fresh copy is not yet at a cut that the cloud really had: catchUp first.')
      const modules = extensions.flatMap(({ module }) => module ?? [])
      copy.deriveAll((extension) => extension.module === undefined)
      copy[Symbol.dispose]()
      building = null
      if (modules.length > 0) await runTask({ kind: 'derive', file: copy.path, modules })
      if (!closed) swap(copy.path)
    },
    get busy() {
      return busy
    },
    async takePage(page, stop) {
      busy = true
      try {
        return await inSlices(takingPage(live(), page), machine, stop)
      } finally {
        busy = false
      }
    },
    matches: (entity, range) => rangeReader(live().connection)(entity).matching(range) !== null,
    check: () => runTask({ kind: 'check', file, audits: extensions.flatMap(({ audits = [] }) => audits) }),
    unclean,
    onDamage: (listener) => void listeners.push(listener),
    onWrite: (listener) => void writeListeners.push(listener),
    writing,
    apply: (parts) => live().apply(parts),
    applyPage: (page) => takePage(live(), page),
    stage: (part) => live().stage(part),
    advance: (head) => live().advance(head),
    reader: openReader,
    close,
    [Symbol.dispose]: close,
  }
}

function takePage(file: ReplicaFile, page: ChangesPage): AppliedBatch[] {
  return atOnce(takingPage(file, page))
}

function* takingPage(file: ReplicaFile, { parts, next, head }: ChangesPage): Generator<undefined, AppliedBatch[]> {
  const applied = yield* file.applying(parts)
  if (next.within === undefined && next.epoch === head.epoch && next.batch === head.batch) file.advance(head)
  return applied
}

function cursorOf({ books }: ReplicaFile): LogCursor | null {
  if (books === null) return null
  const { position, within, stamp } = books
  return { ...position, ...(stamp === null ? {} : { stamp }), ...(within === null ? {} : { within }) }
}

/** A file of another format or other scopes holds nothing of use, and one that can't be read must not stop the rest. */
function openOrReplace(file: string, options: ReplicaFileOptions, onPutAside: ReplicaOptions['onPutAside']): ReplicaFile {
  try {
    return new ReplicaFile(file, options)
  } catch (error) {
    if (!isDamage(error) && !(error instanceof UnusableFile)) throw error
    putAside(file)
    onPutAside?.(`${file}.damaged`, error)
    return new ReplicaFile(file, options)
  }
}

function putAside(file: string): void {
  removeDatabase(`${file}.damaged`)
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.damaged${suffix}`)
}

/**
 * The old WAL must be gone before the new file has the name, else SQLite would replay it over the new rows; what the old file then
 * lacks does not matter, for `ready` supersedes it: after a crash in between, opening finishes the move.
 */
function takePlace(ready: string, file: string): void {
  rmSync(`${file}-wal`, { force: true })
  rmSync(`${file}-shm`, { force: true })
  renameSync(ready, file)
  syncFile(dirname(file))
}

/** A disk that takes nothing leaves no mark, and nothing that could have been torn. */
function mark(path: string): void {
  try {
    closeSync(openSync(path, 'w'))
  } catch {
    // The next start then trusts the file as after a clean stop; the scheduled check looks at it all the same.
  }
}

function syncFile(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
