import { tileSize as size } from './tiles.ts'

/** Numbers in memory that threads may share. */
export type Numbers = Float64Array

/**
 * c −= a · bᵀ on tiles that begin at the given places. The hot loop of training: four rows by two columns at once, so
 * that sums stay in registers.
 */
export function subtractProduct(c: Numbers, atC: number, a: Numbers, atA: number, b: Numbers, atB: number): void {
  for (let i = 0; i < size; i += 4) {
    const a0 = atA + i * size
    const a1 = a0 + size
    const a2 = a1 + size
    const a3 = a2 + size
    for (let j = 0; j < size; j += 2) {
      const b0 = atB + j * size
      const b1 = b0 + size
      let s00 = 0, s01 = 0, s10 = 0, s11 = 0, s20 = 0, s21 = 0, s30 = 0, s31 = 0
      for (let k = 0; k < size; k += 1) {
        const x = b[b0 + k]!
        const y = b[b1 + k]!
        const p = a[a0 + k]!
        s00 += p * x
        s01 += p * y
        const q = a[a1 + k]!
        s10 += q * x
        s11 += q * y
        const r = a[a2 + k]!
        s20 += r * x
        s21 += r * y
        const t = a[a3 + k]!
        s30 += t * x
        s31 += t * y
      }
      const at = atC + i * size + j
      c[at]! -= s00
      c[at + 1]! -= s01
      c[at + size]! -= s10
      c[at + size + 1]! -= s11
      c[at + 2 * size]! -= s20
      c[at + 2 * size + 1]! -= s21
      c[at + 3 * size]! -= s30
      c[at + 3 * size + 1]! -= s31
    }
  }
}

/** Copies a tile, turned over its diagonal where `turned`. */
export function copyTile(from: Numbers, atFrom: number, to: Numbers, atTo: number, turned: boolean): void {
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) to[atTo + i * size + j] = from[atFrom + (turned ? j * size + i : i * size + j)]!
  }
}

/**
 * The inverse of a symmetric positive definite tile, by Cholesky: A = L·Lᵀ, A⁻¹ = L⁻ᵀ·L⁻¹.
 * @throws RangeError where the matrix is not positive definite.
 */
export function invertTile(tile: Numbers, at: number): Float64Array<ArrayBuffer> {
  const lower = new Float64Array(size * size)
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = tile[at + i * size + j]!
      for (let k = 0; k < j; k += 1) sum -= lower[i * size + k]! * lower[j * size + k]!
      if (i !== j) {
        lower[i * size + j] = sum / lower[j * size + j]!
      } else {
        if (!(sum > 0)) throw new RangeError('The matrix is not positive definite: raise lambda.')
        lower[i * size + i] = Math.sqrt(sum)
      }
    }
  }
  const half = new Float64Array(size * size)
  for (let j = 0; j < size; j += 1) {
    half[j * size + j] = 1 / lower[j * size + j]!
    for (let i = j + 1; i < size; i += 1) {
      let sum = 0
      for (let k = j; k < i; k += 1) sum -= lower[i * size + k]! * half[k * size + j]!
      half[i * size + j] = sum / lower[i * size + i]!
    }
  }
  const inverse = new Float64Array(size * size)
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = 0
      for (let k = i; k < size; k += 1) sum += half[k * size + i]! * half[k * size + j]!
      inverse[i * size + j] = sum
      inverse[j * size + i] = sum
    }
  }
  return inverse
}
