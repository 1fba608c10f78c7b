/** Most ids that are looked up together. */
const mostTogether = 1_000

/**
 * Looks rows up by id, one statement at a time: whoever asks while one is under way is in the next. Thousands of stores that return
 * to an origin which knows none of them yet then cost a few statements, and not a queue for everybody's connections.
 */
export class Lookups<Row> {
  readonly #load: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>
  readonly #asked = new Map<string, PromiseWithResolvers<Row | null>>()
  #loading = false

  constructor(load: (ids: readonly string[]) => Promise<ReadonlyMap<string, Row>>) {
    this.#load = load
  }

  /** Null for what is not there. @throws what loading throws */
  async find(id: string): Promise<Row | null> {
    // No row has it, and Postgres would refuse the whole statement.
    if (id.includes('\0')) return null
    const known = this.#asked.get(id)
    if (known !== undefined) return known.promise
    const asked = Promise.withResolvers<Row | null>()
    this.#asked.set(id, asked)
    if (!this.#loading) void this.#loadAll()
    return asked.promise
  }

  async #loadAll(): Promise<void> {
    this.#loading = true
    while (this.#asked.size > 0) {
      const together = [...this.#asked].slice(0, mostTogether)
      for (const [id] of together) this.#asked.delete(id)
      try {
        const found = await this.#load(together.map(([id]) => id))
        for (const [id, { resolve }] of together) resolve(found.get(id) ?? null)
      } catch (error) {
        for (const [, { reject }] of together) reject(error)
      }
    }
    this.#loading = false
  }
}
