import { basketWeight, type Basket, type Baskets } from './baskets.ts'
import { gramOf } from './gram.ts'
import { invertNegative, type InvertOptions } from './invert.ts'
import { bestAndWorst, type Neighbour } from './neighbour.ts'
import { cellOf } from './tiles.ts'

export interface EaseOptions extends InvertOptions {
  /** Ridge: how much evidence a pair needs. */
  readonly lambda: number
  /** How much each basket counts; by 1/√length without it. */
  readonly weightOf?: (basket: Basket) => number
}

/** What one product says about each of `items`, in their order; 0 about itself. */
export type WeightRow = (at: number) => Float64Array

/**
 * The item-item weights of EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019), B = I − P·diag(P)⁻¹ with
 * P = (G + λI)⁻¹, row by row.
 */
export async function easeWeights(baskets: Baskets, items: readonly number[], { lambda, weightOf = basketWeight, ...options }: EaseOptions): Promise<WeightRow> {
  const matrix = gramOf(baskets, items, weightOf)
  for (let at = 0; at < items.length; at += 1) matrix.data[cellOf(at, at)]! += lambda
  await invertNegative(matrix, options)
  // The matrix now holds −P, so that its cells over the diagonal of P are the weights.
  const diagonal = items.map((_, at) => -(matrix.data[cellOf(at, at)] ?? 1))
  return (row) => Float64Array.from(diagonal, (own, column) => (column === row ? 0 : (matrix.data[cellOf(row, column)] ?? 0) / own))
}

/**
 * What each of `items` says about the others, by EASE: best first, those below zero last.
 * @returns neighbours by item; items that are not in `items` have none.
 */
export async function easeNeighbours(baskets: Baskets, items: readonly number[], options: EaseOptions): Promise<Map<number, Neighbour[]>> {
  if (items.length === 0) return new Map()
  const weights = await easeWeights(baskets, items, options)
  return new Map(items.map((item, row) => [item, bestAndWorst(Array.from(weights(row), (score, column) => ({ item: items[column] ?? 0, score })))]))
}
