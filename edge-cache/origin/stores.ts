import { AisleError } from '../../runtime/errors.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { Lookups } from './lookups.ts'

/** How long a store that was found is not looked up again, in milliseconds. */
const rememberedMs = 300_000

/** Knows which stores there are. */
export class StoreDirectory {
  readonly #lookups: Lookups<string>
  readonly #seenAt = new Map<string, number>()

  constructor({ pool }: PostgresStorage) {
    this.#lookups = new Lookups(async (ids) => {
      const { rows } = await pool.query<{ id: string }>('select id from store where id = any($1)', [ids])
      return new Map(rows.map(({ id }) => [id, id]))
    })
  }

  /** @throws AisleError STORE_UNKNOWN */
  async require(storeId: string): Promise<void> {
    const seenAt = this.#seenAt.get(storeId)
    if (seenAt !== undefined && performance.now() - seenAt < rememberedMs) return
    if ((await this.#lookups.find(storeId)) === null) {
      this.#seenAt.delete(storeId)
      throw new AisleError('STORE_UNKNOWN', `There is no store ${storeId}.`)
    }
    this.#seenAt.set(storeId, performance.now())
  }
}
