/** A product's texts, as every ranker gets them. */
export interface ProductTexts {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly brand: string
  readonly description: string
  readonly attributes: string
}

/** Ranks up to a hundred products, best first. */
export type Ranker = (query: string) => Promise<readonly string[]>
