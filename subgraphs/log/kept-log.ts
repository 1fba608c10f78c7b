import type { Change } from '../shared/changes.ts'
import { orderScopes, stamped } from './read-changes.ts'
import type { BatchPart } from './source.ts'

/** A batch of which all changes are here. */
export interface KeptBatch {
  readonly number: number
  /** When it was moved, epoch milliseconds. */
  readonly at: number
  readonly stamp: string | null
  /** In order of scope and position. */
  readonly changes: readonly Change[]
}

/** What a batch has for one scope. */
interface ScopePart {
  readonly batch: KeptBatch
  readonly changes: Change[]
}

/**
 * The newest batches of a log without a hole, by scope: what somebody lacks is found without a look at the batches of others, however many
 * of them came meanwhile.
 */
export class KeptLog {
  /** Oldest first, as are the parts of each scope. */
  #batches: KeptBatch[] = []
  #scopes = new Map<string, ScopePart[]>()
  #from = 0
  #fromStamp: string | null = null
  #size = 0

  /** Batches after this one are all here. */
  get from(): number {
    return this.#from
  }

  get fromStamp(): string | null {
    return this.#fromStamp
  }

  /** How many changes there are. */
  get size(): number {
    return this.#size
  }

  /** Begins anew behind a batch. */
  clear(from: number, stamp: string | null): void {
    this.#batches = []
    this.#scopes = new Map()
    this.#size = 0
    this.#from = from
    this.#fromStamp = stamp
  }

  /** Adds newer batches, oldest first. */
  append(batches: readonly KeptBatch[]): void {
    for (const batch of batches) {
      this.#batches.push(batch)
      this.#size += batch.changes.length
      for (const part of byScope(batch)) this.#partsOf(part.changes[0]?.scope ?? '').push(part)
    }
  }

  /** Adds older batches, oldest first: all that there are after `from` and up to the one where this began. */
  prepend(batches: readonly KeptBatch[], from: number, stamp: string | null): void {
    const older = new KeptLog()
    older.append(batches)
    this.#batches = [...batches, ...this.#batches]
    for (const [scope, parts] of older.#scopes) this.#scopes.set(scope, [...parts, ...(this.#scopes.get(scope) ?? [])])
    this.#size += older.size
    this.#from = from
    this.#fromStamp = stamp
  }

  /** Drops the oldest batches: those up to `upTo`, and so many that at most `most` changes are left. */
  trim(upTo: number, most: number): void {
    let gone = 0
    for (const { number, changes } of this.#batches) {
      if (number > upTo && this.#size <= most) break
      this.#size -= changes.length
      gone += 1
    }
    if (gone === 0) return
    for (const batch of this.#batches.splice(0, gone)) {
      for (const scope of new Set(batch.changes.map((change) => change.scope))) {
        const parts = this.#scopes.get(scope)
        parts?.shift()
        if (parts?.length === 0) this.#scopes.delete(scope)
      }
      this.#from = batch.number
      this.#fromStamp = batch.stamp
    }
  }

  /** The stamp of a batch; undefined for one that is not here. */
  stampOf(number: number): string | null | undefined {
    if (number === this.#from) return this.#fromStamp
    const found = this.#batches[firstAfter(this.#batches, number - 1, (batch) => batch.number)]
    return found?.number === number ? found.stamp : undefined
  }

  /**
   * What the scopes have after a batch that is here, or where this begins: whole batches with at most `limit` changes. Null when the first of them has more.
   * `whole` says that nothing is left out.
   */
  after(scopes: readonly string[], number: number, limit: number): { readonly parts: BatchPart[]; readonly whole: boolean } | null {
    const places = orderScopes(scopes).map((scope) => {
      const parts = this.#scopes.get(scope) ?? []
      return { parts, at: firstAfter(parts, number, ({ batch }) => batch.number) }
    })
    const found: BatchPart[] = []
    for (let left = limit; ;) {
      const batch = places.reduce<KeptBatch | null>((first, { parts, at }) => {
        const next = parts[at]?.batch ?? null
        return first === null || (next !== null && next.number < first.number) ? next : first
      }, null)
      if (batch === null) return { parts: found, whole: true }
      const changes: Change[] = []
      for (const place of places) {
        const part = place.parts[place.at]
        if (part?.batch !== batch) continue
        changes.push(...part.changes)
        place.at += 1
      }
      left -= changes.length
      if (left < 0) return found.length === 0 ? null : { parts: found, whole: false }
      found.push({ number: batch.number, at: batch.at, changes, complete: true, ...stamped(batch.stamp) })
    }
  }

  #partsOf(scope: string): ScopePart[] {
    const known = this.#scopes.get(scope)
    if (known !== undefined) return known
    const parts: ScopePart[] = []
    this.#scopes.set(scope, parts)
    return parts
  }
}

function byScope(batch: KeptBatch): Iterable<ScopePart> {
  const parts = new Map<string, ScopePart>()
  for (const change of batch.changes) {
    const part = parts.get(change.scope)
    if (part === undefined) parts.set(change.scope, { batch, changes: [change] })
    else part.changes.push(change)
  }
  return parts.values()
}

/** The place of the first item whose number is greater; the list's length when there is none. */
function firstAfter<Item>(sorted: readonly Item[], number: number, numberOf: (item: Item) => number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = sorted[middle]
    if (item !== undefined && numberOf(item) > number) high = middle
    else low = middle + 1
  }
  return low
}

/** A change as it is read, with its batch. */
export interface KeptRow extends Omit<Change, 'scope'> {
  /** Null where there is none. */
  readonly scope: string | null
  readonly batch: number
  readonly batch_at: number
  readonly stamp: string | null
}

/** Rows in order of batch, scope and position, as batches. */
export function toBatches(rows: readonly KeptRow[]): KeptBatch[] {
  const batches: (KeptBatch & { readonly changes: Change[] })[] = []
  for (const { scope, position, batch, batch_at, stamp, entity, key, op, row } of rows) {
    let last = batches.at(-1)
    if (last?.number !== batch) {
      last = { number: batch, at: batch_at, stamp, changes: [] }
      batches.push(last)
    }
    last.changes.push({ scope: scope ?? '', position, entity, key, op, row })
  }
  return batches
}
