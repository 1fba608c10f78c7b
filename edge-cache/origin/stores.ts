import { AisleError } from '../../runtime/errors.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'

/** How long a store that was found is not looked up again, in milliseconds. */
const rememberedMs = 300_000

/** Knows which stores there are. */
export class StoreDirectory {
  readonly #storage: PostgresStorage
  readonly #seenAt = new Map<string, number>()

  constructor(storage: PostgresStorage) {
    this.#storage = storage
  }

  /** @throws AisleError STORE_UNKNOWN */
  async require(storeId: string): Promise<void> {
    const seenAt = this.#seenAt.get(storeId)
    if (seenAt !== undefined && performance.now() - seenAt < rememberedMs) return
    const found = await this.#storage.db.selectFrom('store').select('id').where('id', '=', storeId).executeTakeFirst()
    if (found === undefined) {
      this.#seenAt.delete(storeId)
      throw new AisleError('STORE_UNKNOWN', `There is no store ${storeId}.`)
    }
    this.#seenAt.set(storeId, performance.now())
  }
}
