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

/** Cosine of the vector at `item` (all are of length one) with every other that shares a key with it. */
export function cosinesOf<Key>(vectors: readonly ReadonlyMap<Key, number>[], postings: Postings<Key>, item: number): Map<number, number> {
  const cosines = new Map<number, number>()
  for (const [key, weight] of vectors[item] ?? []) {
    for (const other of postings.get(key) ?? []) {
      if (other.item !== item) cosines.set(other.item, (cosines.get(other.item) ?? 0) + weight * other.weight)
    }
  }
  return cosines
}
