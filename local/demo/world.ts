import { kinds } from './catalogue/parse.ts'
import { retailEnding } from './catalogue/price.ts'
import { demoProducts, type DemoProduct } from './catalogue/products.ts'
import { hash32, unit } from './random.ts'
import { demoStores, type DemoStore } from './stores.ts'

export interface DemoOptions {
  /** How many products: 600 make a small chain, 50,000 a large one. */
  readonly products?: number
  readonly seed?: string
  /** Epoch milliseconds; the demo's history ends at the midnight (UTC) before it. */
  readonly now: number
}

/** What the demo's tables are derived from: the catalogue, the stores, and who carries and charges what. */
export interface World {
  readonly seed: string
  readonly seedNumber: number
  /** Epoch milliseconds of the midnight at which the history ends. */
  readonly midnight: number
  readonly stores: readonly DemoStore[]
  readonly products: readonly DemoProduct[]
  /** Products by the index of their kind, best selling first. */
  readonly byKind: readonly (readonly DemoProduct[])[]
  carries(store: DemoStore, product: DemoProduct): boolean
  /** Cents in the store; null where it charges the list price. */
  storePrice(store: DemoStore, product: DemoProduct): number | null
}

export const dayMs = 24 * 60 * 60 * 1000

/** Salts that keep the questions asked about one store and product apart. */
const salts = { carried: 1_000_003, price: 2_000_003, deviation: 3_000_017 }

export function createWorld({ products: count = 600, seed = 'aisle', now }: DemoOptions): World {
  const products = demoProducts(count, seed)
  const seedNumber = hash32(seed)
  const byKind = kinds.map((): DemoProduct[] => [])
  for (const product of products) byKind[product.kind.index]?.push(product)
  return {
    seed,
    seedNumber,
    midnight: Math.floor(now / dayMs) * dayMs,
    stores: demoStores,
    products,
    byKind,
    carries: (store, product) => unit(seedNumber, store.index + salts.carried, product.index) < carriedShare(store, product),
    storePrice(store, product) {
      if (unit(seedNumber, store.index + salts.price, product.index) >= 0.05) return null
      const deviation = unit(seedNumber, store.index + salts.deviation, product.index) * 0.24 - 0.14
      const price = retailEnding(product.priceMinor * (1 + deviation))
      return price === product.priceMinor ? null : price
    },
  }
}

/** Big stores carry nearly everything, small ones the best sellers of each kind. */
function carriedShare(store: DemoStore, product: DemoProduct): number {
  return Math.min(0.97, 0.35 + 0.4 * store.size + 0.3 * product.popularity)
}
