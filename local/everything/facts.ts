import { AisleError } from '../../runtime/errors.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'

/** What the data hold that is worth pointing at. */
export interface Facts {
  /** The store that the edge node serves; null when the data have none, and so no edge node runs. */
  readonly store: { readonly id: string; readonly name: string } | null
  /** A display of that store, one that shows something if there is such a one; null when the store has none. */
  readonly deviceId: string | null
  /** A product that the store has on its shelves, or any; null in an empty catalogue. */
  readonly product: { readonly id: string; readonly name: string } | null
}

/** @throws AisleError STORE_UNKNOWN when the store asked for does not exist. */
export async function readFacts({ db }: PostgresStorage, storeAsked: string | undefined): Promise<Facts> {
  const stores = db.selectFrom('store').select(['id', 'name']).orderBy('id').limit(1)
  const store = await (storeAsked === undefined ? stores : stores.where('id', '=', storeAsked)).executeTakeFirst()
  const products = db.selectFrom('product').select(['product.id', 'product.name']).orderBy('product.id').limit(1)
  const anyProduct = async () => await products.executeTakeFirst() ?? null
  if (store === undefined) {
    if (storeAsked !== undefined) throw new AisleError('STORE_UNKNOWN', `There is no store ${JSON.stringify(storeAsked)}.`)
    return { store: null, deviceId: null, product: await anyProduct() }
  }
  const devices = db.selectFrom('device').select('id').where('store_id', '=', store.id).orderBy('id').limit(1)
  const device = await devices.where('shows', '!=', '[]').executeTakeFirst() ?? await devices.where('kind', '=', 'DISPLAY').executeTakeFirst()
  const onShelf = products.innerJoin('stock', 'stock.product_id', 'product.id').where('stock.store_id', '=', store.id).where('stock.on_hand', '>', 0)
  return { store, deviceId: device?.id ?? null, product: await onShelf.executeTakeFirst() ?? await anyProduct() }
}
