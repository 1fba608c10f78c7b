import type { Basket, Baskets } from './baskets.ts'
import { cellOf, symmetricTiles, type SymmetricTiles } from './tiles.ts'

/** How often each two of `items` are in one basket, each basket counting by its weight; rows and columns in the order of `items`. */
export function gramOf(baskets: Baskets, items: readonly number[], weightOf: (basket: Basket) => number): SymmetricTiles {
  const matrix = symmetricTiles(items.length)
  const { data } = matrix
  const places = new Map(items.map((item, at) => [item, at]))
  for (const basket of baskets.list) {
    const weight = weightOf(basket)
    const held = basket.items.flatMap((item) => places.get(item) ?? [])
    for (const row of held) for (const column of held) if (column <= row) data[cellOf(row, column)]! += weight
  }
  return matrix
}
