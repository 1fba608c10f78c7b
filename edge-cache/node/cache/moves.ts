import type { ReplicaExtension } from '../../../subgraphs/storage/sqlite/extension.ts'
import { changedTags, retentionTag, type Tag } from '../../../subgraphs/shared/tags.ts'

/** Tags share slots by their hash: two that meet in one are dropped together, which is allowed. Slots are a power of two. */
const slotBits = 19

/** More tags than this between two batches of the log stand for everything. */
const mostRecent = 10_000

/** Where a tag's last move is kept. */
export type Slot = number

/** The slot of a tag, by FNV-1a (Fowler, Noll, Vo; 32 bits, folded). */
export function slotOf(tag: Tag): Slot {
  let hash = 0x811c9dc5
  for (let at = 0; at < tag.length; at += 1) hash = Math.imul(hash ^ tag.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> slotBits)) & ((1 << slotBits) - 1)
}

/**
 * When each tag last moved, on a clock that counts what happened to the copy: batches, pending writes, repairs. Memory is the
 * same whatever happens. It moves in the very step (of the one thread) that makes a change visible, so whoever notes the clock
 * before a read and finds its tags unmoved afterwards has read what a read now would show.
 */
export class Moves {
  readonly #last: Float64Array
  #clock = 1
  #all = 1
  /** What moved since the last batch of the log became visible. */
  #recent: Tag[] = []

  /** @param bits of a slot's number that count: fewer take less memory, and let more tags share a slot. */
  constructor(bits = slotBits) {
    this.#last = new Float64Array(1 << bits)
  }

  /** Grows with everything that happens. */
  get clock(): number {
    return this.#clock
  }

  moved(tags: readonly Tag[]): void {
    this.#clock += 1
    const mask = this.#last.length - 1
    for (const tag of tags) this.#last[slotOf(tag) & mask] = this.#clock
    if (this.#recent.length < mostRecent) for (const tag of tags) this.#recent.push(tag)
  }

  /**
   * Batches of the log have become visible with these changes. What moved while they were being taken in moves again: that was told
   * before the transaction ended, which for a long batch is many steps later, and reads between showed the old.
   */
  visible(tags: readonly Tag[]): void {
    const recent = this.#recent
    if (recent.length >= mostRecent) this.everything()
    this.#recent = []
    this.moved(recent)
    this.moved(tags)
    this.#recent = []
  }

  /** Nothing that was read before counts any more: a fresh copy, or nobody can tell what changed. */
  everything(): void {
    this.#clock += 1
    this.#all = this.#clock
  }

  /** The clock at the last move of any of these. */
  newest(slots: readonly Slot[]): number {
    const mask = this.#last.length - 1
    let newest = this.#all
    for (const slot of slots) newest = Math.max(newest, this.#last[slot & mask] as number)
    return newest
  }
}

/**
 * Tells `moves` of every row that changes in a replica, as soon as it is visible. A copy that is being filled is not: that it has taken the
 * replica's place, the follower tells. @param readingsSince before which readings are dropped
 */
export function movesExtension(moves: Moves, readingsSince: () => number | null): ReplicaExtension {
  let since: number | null = null
  return {
    name: 'moves',
    version: 1,
    create() {},
    rebuild() {},
    apply() {},
    visible(changes) {
      const tags = changes.flatMap(({ entity, key, previous, row }) => changedTags(entity, key, previous, row))
      // Old rows are dropped without a change of the log.
      const now = readingsSince()
      if (now !== since) tags.push(retentionTag)
      since = now
      moves.visible(tags)
    },
  }
}
