export type RecommendationReason = 'SIMILAR' | 'BOUGHT_TOGETHER' | 'BOUGHT_BEFORE' | 'TRENDING' | 'SIMILAR_CONTENT'

/** A product and why it is recommended. */
export interface Recommended {
  readonly productId: string
  readonly score: number
  readonly reason: RecommendationReason
}

/**
 * Reads a packed row of neighbours: [product id, score, reason], best first, without a reason where they were bought together; scores
 * below zero speak against a product.
 */
export function unpackNeighbours(packed: string): Recommended[] {
  return (JSON.parse(packed) as [string, number, RecommendationReason?][]).map(([productId, score, reason = 'BOUGHT_TOGETHER']) => ({ productId, score, reason }))
}

/** Reads a packed row of trends: [product id, score], best first. */
export function unpackTrending(packed: string): Recommended[] {
  return (JSON.parse(packed) as [string, number][]).map(([productId, score]) => ({ productId, score, reason: 'TRENDING' }))
}
