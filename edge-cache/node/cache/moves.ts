import type { ReplicaExtension } from '../../../subgraphs/storage/sqlite/extension.ts'
import { changedTags, type Tag } from '../../../subgraphs/shared/tags.ts'

/** Tags share slots by their hash: two that meet in one are dropped together, which is allowed. A power of two. */
const slotBits = 19

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
  readonly #last = new Float64Array(1 << slotBits)
  #clock = 1
  #all = 1

  /** Grows with everything that happens. */
  get clock(): number {
    return this.#clock
  }

  moved(tags: readonly Tag[]): void {
    this.#clock += 1
    for (const tag of tags) this.#last[slotOf(tag)] = this.#clock
  }

  /** Nothing that was read before counts any more: a fresh copy, or nobody can tell what changed. */
  everything(): void {
    this.#clock += 1
    this.#all = this.#clock
  }

  /** The clock at the last move of any of these. */
  newest(slots: ArrayLike<Slot>): number {
    let newest = this.#all
    for (let at = 0; at < slots.length; at += 1) newest = Math.max(newest, this.#last[slots[at] as Slot] as number)
    return newest
  }
}

/** Tells `moves` of every row that changes in a replica, in the transaction that changes it. */
export function movesExtension(moves: Moves): ReplicaExtension {
  return {
    name: 'moves',
    version: 1,
    create: () => moves.everything(),
    rebuild: () => moves.everything(),
    apply: (_connection, changes) => moves.moved(changes.flatMap(({ entity, key, previous, row }) => changedTags(entity, key, previous, row))),
  }
}
