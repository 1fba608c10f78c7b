/** Vectors that share a key, those in which it weighs most; the weight beside each. */
export interface Posting {
  readonly items: Uint32Array
  readonly weights: Float64Array
}

/**
 * What is in more vectors than these tells few apart, and comparing all that share it would take time by their square: only those in
 * which it weighs most are kept (champion lists; Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 7.1.3).
 */
const mostSharing = 300

/** Vectors turned around, to find those that have something in common with one. */
export function invertVectors<Key>(vectors: readonly ReadonlyMap<Key, number>[]): Map<Key, Posting> {
  const lists = new Map<Key, { item: number; weight: number }[]>()
  for (const [item, vector] of vectors.entries()) {
    for (const [key, weight] of vector) {
      const list = lists.get(key)
      if (list === undefined) lists.set(key, [{ item, weight }])
      else list.push({ item, weight })
    }
  }
  return new Map([...lists].map(([key, list]) => {
    const kept = list.length <= mostSharing ? list : list.toSorted((a, b) => b.weight - a.weight || a.item - b.item).slice(0, mostSharing)
    return [key, { items: Uint32Array.from(kept, ({ item }) => item), weights: Float64Array.from(kept, ({ weight }) => weight) }]
  }))
}

/** Sums by product, all 0 between two uses: a place in it costs a fraction of one in a map. */
export class Sums {
  readonly #sums: Float64Array
  readonly #touched: number[] = []

  constructor(products: number) {
    this.#sums = new Float64Array(products)
  }

  /** Adds the cosine of the vector (all are of length one) with every other that shares a key with it, times a share. */
  addCosines<Key>(vector: ReadonlyMap<Key, number>, postings: ReadonlyMap<Key, Posting>, share: number): void {
    for (const [key, weight] of vector) {
      const posting = postings.get(key)
      if (posting === undefined) continue
      const { items, weights } = posting
      for (let at = 0; at < items.length; at += 1) this.#add(items[at]!, share * weight * weights[at]!)
    }
  }

  /** Adds other sums, times a share. */
  addSums(others: Sums, share: number): void {
    for (const item of others.#touched) this.#add(item, share * others.#sums[item]!)
  }

  has(item: number): boolean {
    return this.#sums[item] !== 0
  }

  /** What was summed up since the last time, without one product. */
  *take(without: number): Generator<{ readonly item: number; readonly score: number }> {
    for (const item of this.#touched) {
      if (item !== without) yield { item, score: this.#sums[item] ?? 0 }
    }
    this.clear()
  }

  clear(): void {
    for (const item of this.#touched) this.#sums[item] = 0
    this.#touched.length = 0
  }

  #add(item: number, amount: number): void {
    if (this.#sums[item] === 0) this.#touched.push(item)
    this.#sums[item]! += amount
  }
}
