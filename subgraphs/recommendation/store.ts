/** A product of the catalogue with what was trained for it, as the table holds it; null where it was not trained on. */
export interface ProductNeighbours {
  readonly id: string
  readonly similar_to: string | null
  readonly bought_with: string | null
}

/** One line of a customer's purchases. */
export interface Purchase {
  readonly saleId: string
  readonly productId: string
}

/** What recommendation reads. Each call is one statement, whatever the number of ids. */
export interface RecommendationStore {
  /** Those of the products that the catalogue has. */
  neighbours(productIds: readonly string[]): PromiseLike<ProductNeighbours[]>
  /** Those of the ids that the catalogue has. */
  existing(productIds: readonly string[]): PromiseLike<string[]>
  /** The newest purchases of a customer, newest first; at most so many lines. */
  purchases(customerId: string, lines: number): Promise<Purchase[]>
  /** The packed rows of these stores; an empty id stands for the chain. */
  trending(storeIds: readonly string[]): PromiseLike<{ readonly store_id: string; readonly items: string }[]>
  hasStore(id: string): Promise<boolean>
}
