import { decodeCursor } from '../../subgraphs/shared/connection.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'

/** What arguments are chosen from: what the chain has, and what it has not. */
export interface Pool {
  /** The store whose node is asked. */
  readonly storeId: string
  readonly otherStores: readonly string[]
  readonly products: readonly string[]
  /** Products with a price of the store's own, asked for and written most, so that what is written is asked for. */
  readonly favourites: readonly string[]
  readonly categories: readonly string[]
  readonly brands: readonly string[]
  readonly attributes: readonly { readonly name: string; readonly value: string }[]
  /** Devices of the store, and of others. */
  readonly devices: readonly string[]
  readonly otherDevices: readonly string[]
  readonly displays: readonly string[]
  readonly freezers: readonly string[]
  readonly otherFreezers: readonly string[]
  readonly metrics: readonly string[]
  readonly words: readonly string[]
  readonly customers: readonly string[]
  /** Epoch milliseconds of the midnight at which the chain's history ends. */
  readonly midnight: number
  readonly cursors: Cursors
}

/** Reads the pool of the store with the most to tell: the first by id. */
export async function readPool({ db }: PostgresStorage, midnight: number): Promise<Pool> {
  const stores = (await db.selectFrom('store').select('id').orderBy('id').execute()).map(({ id }) => id)
  const [storeId = '', ...otherStores] = stores
  const devices = await db.selectFrom('device').select(['id', 'store_id', 'kind']).orderBy('id').execute()
  const products = await db.selectFrom('product').selectAll().orderBy('id').execute()
  const kind = (name: string): string[] => devices.filter((device) => device.store_id === storeId && device.kind === name).map(({ id }) => id)
  return {
    storeId,
    otherStores,
    products: products.map(({ id }) => id),
    favourites: (await db.selectFrom('store_price').select('product_id').where('store_id', '=', storeId).orderBy('product_id').limit(8).execute()).map((row) => row.product_id),
    categories: (await db.selectFrom('category').select('id').orderBy('id').execute()).map(({ id }) => id),
    brands: [...new Set(products.flatMap(({ brand }) => brand ?? []))].toSorted(),
    attributes: products.flatMap(({ attributes }) => (JSON.parse(attributes) as [string, string][]).map(([name, value]) => ({ name, value }))),
    devices: devices.filter((device) => device.store_id === storeId).map(({ id }) => id),
    otherDevices: devices.filter((device) => device.store_id !== storeId).map(({ id }) => id),
    displays: kind('DISPLAY'),
    freezers: kind('FREEZER'),
    otherFreezers: devices.filter((device) => device.store_id !== storeId && device.kind === 'FREEZER').map(({ id }) => id).slice(0, 4),
    metrics: (await db.selectFrom('reading').select('metric').distinct().orderBy('metric').execute()).map(({ metric }) => metric),
    words: [...new Set(products.flatMap(({ name, description }) => `${name} ${description ?? ''}`.split(/[^\p{L}\d]+/u).filter((word) => word.length > 1)))].toSorted(),
    customers: (await db.selectFrom('sale').select('customer_id').distinct().where('customer_id', 'is not', null).orderBy('customer_id').limit(20).execute()).flatMap((row) => row.customer_id ?? []),
    midnight,
    cursors: new Cursors(),
  }
}

/** Cursors met in answers, by what they have in common with those of a list: their number of parts and the type of the first. */
export class Cursors {
  readonly #known = new Map<string, string[]>()

  /** Collects every text in the data that is a cursor. */
  collect(data: unknown): void {
    if (typeof data === 'string') {
      const key = keyOf(data)
      if (key === null) return
      const known = this.#known.get(key)
      if (known === undefined) this.#known.set(key, [data])
      else if (known.length < 500 && !known.includes(data)) known.push(data)
    } else if (typeof data === 'object' && data !== null) {
      for (const value of Object.values(data)) this.collect(value)
    }
  }

  /** Those that a list could have given; see `kindOfCursor`. */
  of(kind: string): readonly string[] {
    return this.#known.get(kind) ?? []
  }
}

function keyOf(text: string): string | null {
  for (const length of [1, 2, 3, 5]) {
    try {
      const key = decodeCursor(text, length)
      if (key !== null) return `${length}:${length === 5 ? String(key[0]) : typeof key[0]}`
    } catch {
      // Most texts are no cursors.
    }
  }
  return null
}
