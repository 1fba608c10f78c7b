import { basketWeight, type Baskets } from './baskets.ts'
import { invertNegative, type InvertOptions } from './invert.ts'
import { bestAndWorst, type Neighbour } from './neighbour.ts'
import { cellOf, symmetricTiles, type SymmetricTiles } from './tiles.ts'

export interface EaseOptions extends InvertOptions {
  /** Ridge: how much evidence a pair needs. */
  readonly lambda: number
}

/**
 * What each of `items` says about the others: the rows of the item-item weights of EASE (Steck, "Embarrassingly shallow
 * autoencoders for sparse data", WWW 2019), B = I − P·diag(P)⁻¹ with P = (G + λI)⁻¹, baskets weighted by 1/√length. Best
 * first, those below zero last.
 * @returns neighbours by item; items that are not in `items` have none.
 */
export async function easeNeighbours(baskets: Baskets, items: readonly number[], options: EaseOptions): Promise<Map<number, Neighbour[]>> {
  if (items.length === 0) return new Map()
  const matrix = gramOf(baskets, items, options.lambda)
  await invertNegative(matrix, options)
  const diagonal = items.map((_, at) => -(matrix.data[cellOf(at, at)] ?? 1))
  const neighbours = new Map<number, Neighbour[]>()
  for (const [row, item] of items.entries()) {
    neighbours.set(item, bestAndWorst(rowOf(matrix, items, diagonal, row)))
  }
  return neighbours
}

/** The matrix holds −P, so that its cells over the diagonal of P are the weights. */
function rowOf(matrix: SymmetricTiles, items: readonly number[], diagonal: readonly number[], row: number): Neighbour[] {
  return items.map((item, column) => {
    const cell = column === row ? 0 : (matrix.data[cellOf(row, column)] ?? 0)
    return { item, score: cell / (diagonal[column] ?? 1) }
  })
}

function gramOf(baskets: Baskets, items: readonly number[], lambda: number): SymmetricTiles {
  const matrix = symmetricTiles(items.length)
  const { data } = matrix
  const places = new Map(items.map((item, at) => [item, at]))
  for (const basket of baskets.list) {
    const weight = basketWeight(basket)
    const held = basket.items.flatMap((item) => places.get(item) ?? [])
    for (const row of held) for (const column of held) if (column <= row) data[cellOf(row, column)]! += weight
  }
  for (let at = 0; at < items.length; at += 1) data[cellOf(at, at)]! += lambda
  return matrix
}
