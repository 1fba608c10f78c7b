/** A map that forgets the entry used longest ago once it holds more than `capacity`. A Map remembers insertion order, which is all it takes. */
export class Lru<V> {
  readonly #entries = new Map<string, V>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#capacity) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  /** Forgets the entry only while it still holds this value. */
  delete(key: string, value: V): void {
    if (this.#entries.get(key) === value) this.#entries.delete(key)
  }
}
