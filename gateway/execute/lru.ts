/** How much of what a map may keep, in bytes as `weigh` estimates them. */
export interface Weighing<V> {
  readonly maxBytes: number
  readonly weigh: (value: V, key: string) => number
}

interface Kept<V> {
  readonly value: V
  readonly bytes: number
}

/**
 * A map that forgets what was not used lately and holds at most `capacity` entries. It keeps two generations: what is used moves to the
 * recent one, and when that is half of the capacity, the older one is dropped. So a hit among recent entries costs one lookup and no writing.
 * With a weighing, a generation is full at half of its bytes, too: only a single entry may be larger.
 */
export class Lru<V> {
  #recent = new Map<string, Kept<V>>()
  #older = new Map<string, Kept<V>>()
  #recentBytes = 0
  #olderBytes = 0
  readonly #half: number
  readonly #weighing: Weighing<V> | null

  constructor(capacity: number, weighing: Weighing<V> | null = null) {
    this.#half = Math.max(1, Math.floor(capacity / 2))
    this.#weighing = weighing
  }

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  /** As estimated; 0 without a weighing. */
  get bytes(): number {
    return this.#recentBytes + this.#olderBytes
  }

  get(key: string): V | undefined {
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent.value
    const older = this.#older.get(key)
    if (older === undefined) return undefined
    this.set(key, older.value)
    return older.value
  }

  set(key: string, value: V): void {
    this.#recentBytes -= remove(this.#recent, key)
    this.#olderBytes -= remove(this.#older, key)
    const bytes = this.#weighing === null ? 0 : this.#weighing.weigh(value, key)
    const full = this.#weighing !== null && this.#recentBytes + bytes > this.#weighing.maxBytes / 2
    if (this.#recent.size > 0 && (full || this.#recent.size >= this.#half)) {
      this.#older = this.#recent
      this.#olderBytes = this.#recentBytes
      this.#recent = new Map()
      this.#recentBytes = 0
    }
    this.#recent.set(key, { value, bytes })
    this.#recentBytes += bytes
  }

  /** Notes that something kept has become larger. It counts until its generation is dropped, and with its entry from when that is set again. */
  grew(bytes: number): void {
    if (this.#weighing !== null) this.#recentBytes += bytes
  }

  /** What is kept now, the recent first. */
  *entries(): Generator<[string, V]> {
    for (const entries of [this.#recent, this.#older]) for (const [key, { value }] of entries) yield [key, value]
  }

  /** Forgets the entry only while it still holds this value. */
  delete(key: string, value: V): void {
    if (this.#recent.get(key)?.value === value) this.#recentBytes -= remove(this.#recent, key)
    if (this.#older.get(key)?.value === value) this.#olderBytes -= remove(this.#older, key)
  }
}

/** @returns the bytes that the entry counted with */
function remove<V>(entries: Map<string, Kept<V>>, key: string): number {
  const bytes = entries.get(key)?.bytes ?? 0
  entries.delete(key)
  return bytes
}
