/** The vectors that have each key, with its weight there. */
export type Postings<Key> = ReadonlyMap<Key, readonly { readonly item: number; readonly weight: number }[]>

/** Vectors turned around, to find all that have something in common with one. */
export function invertVectors<Key>(vectors: readonly ReadonlyMap<Key, number>[]): Postings<Key> {
  const postings = new Map<Key, { item: number; weight: number }[]>()
  for (const [item, vector] of vectors.entries()) {
    for (const [key, weight] of vector) {
      const list = postings.get(key)
      if (list === undefined) postings.set(key, [{ item, weight }])
      else list.push({ item, weight })
    }
  }
  return postings
}

/** Sums by product, all 0 between two uses: a place in it costs a fraction of one in a map. */
export class Sums {
  readonly #sums: Float64Array
  readonly #touched: number[] = []

  constructor(products: number) {
    this.#sums = new Float64Array(products)
  }

  /** Adds the cosine of the vector (all are of length one) with every other that shares a key with it, times a share. */
  addCosines<Key>(vector: ReadonlyMap<Key, number>, postings: Postings<Key>, share: number): void {
    for (const [key, weight] of vector) for (const other of postings.get(key) ?? []) this.#add(other.item, share * weight * other.weight)
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
