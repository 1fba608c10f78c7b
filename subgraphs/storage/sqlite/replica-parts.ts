import { existsSync, rmSync } from 'node:fs'
import type { KeyRange, RangeDigest } from '../../log/ranges.ts'
import type { SnapshotHeader } from '../../log/source.ts'
import type { EntityName } from '../entities.ts'
import { isDamage } from './damage.ts'
import { deleteRange, RangeReader } from './range-rows.ts'
import { ReplicaFile, type ReplicaFileOptions } from './replica-file.ts'

/**
 * A fresh copy that is put together range by range: what it has itself from an attempt that was broken off, what the present copy still
 * shows, and only the rest from elsewhere. It is durable as it grows.
 */
export class ReplicaParts implements Disposable {
  readonly file: ReplicaFile
  readonly #readPresent: (entity: EntityName) => RangeReader | null
  readonly #options: ReplicaFileOptions

  /** Goes on with the file where there is one that can be used. */
  constructor(path: string, options: ReplicaFileOptions, readPresent: (entity: EntityName) => RangeReader | null) {
    this.#readPresent = readPresent
    this.#options = options
    try {
      this.file = new ReplicaFile(path, options)
      this.file.forgetPlace()
    } catch (error) {
      if (!isDamage(error) || !existsSync(path)) throw error
      removeDatabase(path)
      this.file = new ReplicaFile(path, options)
    }
  }

  /** Whether the range is as it has to be, taken from the present copy where that has it. */
  has(entity: EntityName, range: RangeDigest): boolean {
    if (this.#own(() => new RangeReader(this.file.connection, entity).matching(range)) !== null) return true
    const rows = this.#present(entity, range)
    if (rows === null) return false
    this.put(entity, range, rows)
    return true
  }

  /** Puts the rows in the place of whatever the range holds. */
  put(entity: EntityName, range: KeyRange, rows: readonly Readonly<Record<string, unknown>>[]): void {
    this.#own(() =>
      this.file.transact(() => {
        deleteRange(this.file.connection, entity, range)
        this.file.putRows(entity, rows)
      }),
    )
  }

  /** Everything is there: as of the oldest of the places that its ranges belong to, and consistent from the newest on. */
  place(header: SnapshotHeader): void {
    this.file.begin(header)
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]()
  }

  /** A file that is damaged itself is of no use to the next attempt. */
  #own<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      if (isDamage(error)) {
        this.file[Symbol.dispose]()
        removeDatabase(this.file.path)
      }
      throw error
    }
  }

  /** Null also where the present copy is damaged just here. */
  #present(entity: EntityName, range: RangeDigest): readonly Readonly<Record<string, unknown>>[] | null {
    if (!this.#options.entities.includes(entity)) return null
    try {
      return this.#readPresent(entity)?.matching(range) ?? null
    } catch (error) {
      if (isDamage(error)) return null
      throw error
    }
  }
}

export function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true })
}
