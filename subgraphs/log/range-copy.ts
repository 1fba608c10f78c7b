import type { Machine } from '../../runtime/machine.ts'
import { AisleError } from '../../runtime/errors.ts'
import { entities, type EntityName } from '../storage/entities.ts'
import type { KeyRange, RangeDigest, RangeSource } from './ranges.ts'
import type { ChangesPage, SnapshotHeader } from './source.ts'

/** Where the ranges are put together. */
export interface RangeTarget {
  /** Whether the range is as the digest says, or could be made so from what is here already. */
  has(entity: EntityName, range: RangeDigest): boolean
  put(entity: EntityName, range: KeyRange, rows: readonly Readonly<Record<string, unknown>>[]): void
  place(header: SnapshotHeader): void
}

export interface RangeCopyOptions {
  readonly source: RangeSource
  readonly scopes: readonly string[]
  readonly entities: readonly EntityName[]
  readonly target: RangeTarget
  readonly machine: Machine
  readonly onHeader?: (header: SnapshotHeader) => void
}

/** Rows asked for at once: few where answers break off, more as they come. */
const firstRows = 2_000
const fewestRows = 8
const mostRows = 8_000

/**
 * A copy by ranges: digests say what is missing or differs, and only that is fetched. It may be broken off anywhere and gone on with: within
 * this object where the link failed, and by the digests alone where the process ended. Each answer is of a state of its own;
 * the log from the oldest of them on, up to where the newest is consistent, makes a cut of all.
 */
export class RangeCopy {
  readonly #options: RangeCopyOptions
  readonly #left: EntityName[]
  #wanted: { readonly entity: EntityName; ranges: KeyRange[] } | null = null
  #oldest: SnapshotHeader | null = null
  #newest: SnapshotHeader | null = null
  /** What marked each batch that an answer was of. */
  readonly #stamps = new Map<number, string>()
  #consistentFrom = 0
  #rows = firstRows
  /** Rows that came over the link. */
  fetched = 0

  constructor(options: RangeCopyOptions) {
    this.#options = options
    this.#left = [...options.entities]
  }

  /** Goes on until everything is there. Raises what the source raises; call it again then. */
  async run(signal?: AbortSignal): Promise<void> {
    const { target } = this.#options
    for (;;) {
      signal?.throwIfAborted()
      if (this.#wanted !== null) await this.#fetch(this.#wanted, signal)
      const [entity] = this.#left
      if (entity === undefined) break
      await this.#compare(entity, signal)
      this.#left.shift()
    }
    if (this.#oldest !== null) target.place({ ...this.#oldest, consistentFrom: this.#consistentFrom })
  }

  /** Looks at the log that is to make a cut of the answers. @throws AisleError LOG_DIVERGED when it is not the one they came from */
  follows({ parts, next }: ChangesPage): void {
    for (const { number, stamp } of [...parts, { number: next.batch, stamp: next.stamp }]) this.#expectStamp(number, stamp)
  }

  async #compare(entity: EntityName, signal?: AbortSignal): Promise<void> {
    const { source, scopes, target } = this.#options
    const { header, ranges } = await source.digests(scopes, { entity, columns: Object.keys(entities[entity].columns), ...(signal === undefined ? {} : { signal }) })
    this.#heard(header)
    const wanted: KeyRange[] = []
    for (const range of ranges) {
      await this.#options.machine.turn()
      if (target.has(entity, range)) continue
      const last = wanted.at(-1)
      // Ranges that follow each other are fetched as one.
      if (last !== undefined && JSON.stringify(last.through) === JSON.stringify(range.after)) wanted[wanted.length - 1] = { after: last.after, through: range.through }
      else wanted.push(range)
    }
    if (wanted.length > 0) this.#wanted = { entity, ranges: wanted }
  }

  async #fetch(wanted: { readonly entity: EntityName; ranges: KeyRange[] }, signal?: AbortSignal): Promise<void> {
    const { source, scopes, target } = this.#options
    const { entity } = wanted
    const question = { entity, columns: Object.keys(entities[entity].columns), ...(signal === undefined ? {} : { signal }) }
    for (let [range] = wanted.ranges; range !== undefined; [range] = wanted.ranges) {
      let answer
      try {
        answer = await source.rows(scopes, { ...question, range, limit: this.#rows })
      } catch (error) {
        if (AisleError.is(error) && (error.code === 'ORIGIN_UNREACHABLE' || error.details.smaller === true)) this.#rows = Math.max(fewestRows, Math.floor(this.#rows / 4))
        throw error
      }
      this.#rows = Math.min(mostRows, this.#rows * 2)
      const { header, rows, through } = answer
      this.#heard(header)
      target.put(entity, { after: range.after, through }, rows)
      this.fetched += rows.length
      const done = JSON.stringify(through) === JSON.stringify(range.through)
      wanted.ranges = done ? wanted.ranges.slice(1) : [{ after: through, through: range.through }, ...wanted.ranges.slice(1)]
      await this.#options.machine.turn()
    }
    this.#wanted = null
  }

  #heard(header: SnapshotHeader): void {
    const { head, consistentFrom } = header
    // Ranges of two lives of the log make no cut.
    if (this.#oldest !== null && this.#oldest.head.epoch !== head.epoch) throw new AisleError('EPOCH_MISMATCH')
    if (this.#newest !== null && (head.batch < this.#newest.head.batch || consistentFrom < this.#newest.consistentFrom)) throw new AisleError('LOG_DIVERGED')
    this.#expectStamp(head.batch, head.stamp)
    if (head.stamp !== undefined) this.#stamps.set(head.batch, head.stamp)
    this.#oldest ??= header
    this.#newest = header
    this.#consistentFrom = consistentFrom
    this.#options.onHeader?.(header)
  }

  #expectStamp(batch: number, stamp: string | undefined): void {
    const known = this.#stamps.get(batch)
    if (known !== undefined && stamp !== undefined && known !== stamp) throw new AisleError('LOG_DIVERGED')
  }
}
