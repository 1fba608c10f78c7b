import { copyTile, invertTile, subtractProduct, type Numbers } from './dense.ts'
import { tileLength, tileOf, type SymmetricTiles } from './tiles.ts'

/** What the threads of one inversion share. */
export interface SweepWork {
  readonly matrix: SymmetricTiles
  /** The pivot's column of tiles as it was. */
  readonly column: Float64Array<SharedArrayBuffer>
  /** The column times the pivot's inverse. */
  readonly scaled: Float64Array<SharedArrayBuffer>
  /** Two numbers of the barrier: how many wait, and how often all have met. */
  readonly barrier: Int32Array<SharedArrayBuffer>
  readonly threads: number
}

/**
 * Turns the matrix into −(its inverse), together with the other threads: the sweep operator (Goodnight, "A tutorial on the
 * SWEEP operator", American Statistician 33, 1979) on tiles, each pivot tile inverted by Cholesky; half the work and half the
 * memory of an inversion that does not use the symmetry. Every tile is computed in one order whatever the number of
 * threads, so the same matrix always gives the same bits.
 */
export function sweep(work: SweepWork, thread: number, onPivot: (done: number) => void): void {
  const { matrix, threads } = work
  const { tiles } = matrix
  const negative = new Float64Array(tileLength)
  for (let pivot = 0; pivot < tiles; pivot += 1) {
    const inverse = invertTile(matrix.data, tileOf(pivot, pivot))
    for (let at = 0; at < tileLength; at += 1) negative[at] = -inverse[at]!
    for (let row = thread; row < tiles; row += threads) if (row !== pivot) scaleRow(work, pivot, row, negative)
    meet(work)
    let turn = 0
    for (let row = 0; row < tiles; row += 1) {
      for (let column = 0; column <= row; column += 1) {
        turn += 1
        if (turn % threads === thread) updateTile(work, pivot, row, column, negative)
      }
    }
    meet(work)
    onPivot(pivot + 1)
  }
}

function scaleRow({ matrix, column, scaled }: SweepWork, pivot: number, row: number, negative: Numbers): void {
  const below = row > pivot
  const at = row * tileLength
  copyTile(matrix.data, below ? tileOf(row, pivot) : tileOf(pivot, row), column, at, !below)
  scaled.fill(0, at, at + tileLength)
  subtractProduct(scaled, at, column, at, negative, 0)
}

function updateTile({ matrix, column, scaled }: SweepWork, pivot: number, row: number, tileColumn: number, negative: Numbers): void {
  const at = tileOf(row, tileColumn)
  if (row === pivot && tileColumn === pivot) matrix.data.set(negative, at)
  else if (tileColumn === pivot) copyTile(scaled, row * tileLength, matrix.data, at, false)
  else if (row === pivot) copyTile(scaled, tileColumn * tileLength, matrix.data, at, true)
  else subtractProduct(matrix.data, at, scaled, row * tileLength, column, tileColumn * tileLength)
}

/** Waits until all threads are here. */
function meet({ barrier, threads }: SweepWork): void {
  const met = Atomics.load(barrier, 1)
  if (Atomics.add(barrier, 0, 1) === threads - 1) {
    Atomics.store(barrier, 0, 0)
    Atomics.add(barrier, 1, 1)
    Atomics.notify(barrier, 1)
  } else {
    while (Atomics.load(barrier, 1) === met) Atomics.wait(barrier, 1, met)
  }
}
