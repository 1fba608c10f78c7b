import type { ReadLog } from '../../../subgraphs/shared/reads.ts'
import type { Tag } from '../../../subgraphs/shared/tags.ts'
import { slotOf, type Slot } from './moves.ts'

/** Slots that are looked through one by one. */
const few = 16

/** What one execution read. */
export class ReadSlots implements ReadLog {
  readonly #slots: Slot[] = []
  /** Where there are so many that looking through them takes longer. */
  #known: Set<Slot> | null = null
  #keepable = true

  note(tags: readonly Tag[]): void {
    for (let at = 0; at < tags.length; at += 1) {
      const slot = slotOf(tags[at] as Tag)
      if (this.#known === null ? this.#slots.includes(slot) : this.#known.has(slot)) continue
      this.#slots.push(slot)
      if (this.#known !== null) this.#known.add(slot)
      else if (this.#slots.length > few) this.#known = new Set(this.#slots)
    }
  }

  unkeepable(): void {
    this.#keepable = false
  }

  get keepable(): boolean {
    return this.#keepable
  }

  slots(): readonly Slot[] {
    return this.#slots
  }
}
