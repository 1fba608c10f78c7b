/**
 * A map that forgets what was not used lately and holds at most `capacity` entries. It keeps two generations: what is used moves to the
 * recent one, and when that is half of the capacity, the older one is dropped. So a hit among recent entries costs one lookup and no writing.
 */
export class Lru<V> {
  #recent = new Map<string, V>()
  #older = new Map<string, V>()
  readonly #half: number

  constructor(capacity: number) {
    this.#half = Math.max(1, Math.floor(capacity / 2))
  }

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  get(key: string): V | undefined {
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent
    const older = this.#older.get(key)
    if (older !== undefined) this.set(key, older)
    return older
  }

  set(key: string, value: V): void {
    this.#older.delete(key)
    if (this.#recent.size >= this.#half && !this.#recent.has(key)) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, value)
  }

  /** What is kept now, the recent first. */
  *entries(): Generator<[string, V]> {
    yield* this.#recent
    yield* this.#older
  }

  /** Forgets the entry only while it still holds this value. */
  delete(key: string, value: V): void {
    for (const entries of [this.#recent, this.#older]) if (entries.get(key) === value) entries.delete(key)
  }
}
