/** Rows and columns of a tile: three of them fit in a core's first-level cache. */
export const tileSize = 64
export const tileLength = tileSize * tileSize

/** The lower half of a symmetric matrix, tile by tile, each tile row by row; shared between threads. */
export interface SymmetricTiles {
  /** Rows that count; those up to the next whole tile are padding. */
  readonly size: number
  /** Tiles in a row or column. */
  readonly tiles: number
  readonly data: Float64Array<SharedArrayBuffer>
}

/** All zeros but for ones on the diagonal of the padding, which leaves the rest of an inverse alone. */
export function symmetricTiles(size: number): SymmetricTiles {
  const tiles = Math.ceil(size / tileSize)
  const data = new Float64Array(new SharedArrayBuffer(((tiles * (tiles + 1)) / 2) * tileLength * Float64Array.BYTES_PER_ELEMENT))
  const matrix = { size, tiles, data }
  for (let row = size; row < tiles * tileSize; row += 1) data[cellOf(row, row)] = 1
  return matrix
}

/** Where a tile begins; row ≥ column. */
export function tileOf(row: number, column: number): number {
  return ((row * (row + 1)) / 2 + column) * tileLength
}

/** Where a cell stands, on either side of the diagonal. */
export function cellOf(row: number, column: number): number {
  if (row < column) return cellOf(column, row)
  const inner = (row % tileSize) * tileSize + (column % tileSize)
  return tileOf(Math.floor(row / tileSize), Math.floor(column / tileSize)) + inner
}
