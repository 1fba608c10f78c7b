import type { ReadLog } from '../../../subgraphs/shared/reads.ts'
import type { Tag } from '../../../subgraphs/shared/tags.ts'
import { slotOf, type Slot } from './moves.ts'

/** What one execution read. */
export class ReadSlots implements ReadLog {
  readonly #slots = new Set<Slot>()
  #keepable = true

  note(tags: readonly Tag[]): void {
    for (const tag of tags) this.#slots.add(slotOf(tag))
  }

  unkeepable(): void {
    this.#keepable = false
  }

  get keepable(): boolean {
    return this.#keepable
  }

  slots(): readonly Slot[] {
    return [...this.#slots]
  }
}
