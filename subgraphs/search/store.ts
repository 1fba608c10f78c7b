import type { CategoryRow, ProductRow } from '../storage/database.ts'

/** What an amount of money is kept as. */
export interface MinorAmount {
  readonly minor: number
  readonly currency: string
}

/** What a store has of its own for a product. */
export interface ShelfRow {
  readonly productId: string
  /** Its own price, where it has one. */
  readonly price: MinorAmount | null
  readonly inStock: boolean
}

/** What search reads beside its index. Each call is one statement, whatever the number of ids. */
export interface SearchStore {
  products(ids: readonly string[]): PromiseLike<ProductRow[]>
  categories(ids: readonly string[]): PromiseLike<CategoryRow[]>
  /** Children of these, and the top level with `top`; by name, then id. */
  childCategories(parentIds: readonly string[], top: boolean): Promise<CategoryRow[]>
  hasStore(id: string): Promise<boolean>
  /** Prices of the store's own and, where asked for, what it has in stock; nothing for a product of which it has neither, in no order. */
  shelf(ids: readonly string[], storeId: string, withStock: boolean): Promise<ShelfRow[]>
}
