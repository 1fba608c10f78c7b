import { seededRandom } from '../../gateway/testing/random-document.ts'

/** Choices that are the same for the same seed. */
export class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededRandom(seed)
  }

  /** True in this share of the cases. */
  chance(share: number): boolean {
    return this.#next() < share
  }

  /** From `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1))
  }

  /** @throws TypeError for an empty list. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#next() * items.length)]
    if (item === undefined) throw new TypeError('nothing to pick from')
    return item
  }

  /** Up to `most` of the items, each at most once, in any order. */
  some<Item>(items: readonly Item[], most: number): Item[] {
    const chosen = new Set<Item>()
    for (let left = this.integer(0, most); left > 0; left -= 1) chosen.add(this.pick(items))
    return [...chosen]
  }
}
