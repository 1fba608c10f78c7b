import type { CategoryRow, ProductRow } from '../storage/database.ts'

/** A match as far as filters and sorts need to know it. */
export interface Candidate {
  readonly id: string
  readonly name: string
  /** What it costs: the store's price, else the list price; null without either. */
  readonly price: { readonly minor: number; readonly currency: string } | null
}

/** The store that prices and stock are read of. */
export interface CandidateScope {
  readonly storeId: string | null
  /** Only products with stock on hand there. */
  readonly inStock: boolean
}

export interface PriceCount {
  readonly minor: number
  readonly currency: string
  readonly count: number
}

/** What search reads beside its index. Each call is one statement, whatever the number of ids. */
export interface SearchStore {
  products(ids: readonly string[]): PromiseLike<ProductRow[]>
  categories(ids: readonly string[]): PromiseLike<CategoryRow[]>
  /** Children of these, and the top level with `top`; by name, then id. */
  childCategories(parentIds: readonly string[], top: boolean): Promise<CategoryRow[]>
  hasStore(id: string): Promise<boolean>
  /** Those of the products that exist and, with `inStock`, are there; in no order. */
  candidates(ids: readonly string[], scope: CandidateScope): Promise<Candidate[]>
  /** How many of the products have each price. */
  priceCounts(ids: readonly string[], storeId: string | null): Promise<PriceCount[]>
}
