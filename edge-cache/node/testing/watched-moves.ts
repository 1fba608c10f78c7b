import type { Tag } from '../../../subgraphs/shared/tags.ts'
import { Moves } from '../cache/moves.ts'

/** Moves that also tell which tags they were. */
export class WatchedMoves extends Moves {
  #told = new Set<Tag>()
  #all = false

  /** What moved since `forget`. */
  get told(): ReadonlySet<Tag> | 'everything' {
    return this.#all ? 'everything' : this.#told
  }

  forget(): void {
    this.#told.clear()
    this.#all = false
  }

  override moved(tags: readonly Tag[]): void {
    for (const tag of tags) this.#told.add(tag)
    super.moved(tags)
  }

  override everything(): void {
    this.#all = true
    super.everything()
  }
}

/** A tag without whose it is: 'stock::' for one level, 'device@' for the devices of a store. */
export function kindOf(tag: Tag): string {
  return tag.replace(/([:@])[^:@]*/g, '$1')
}
