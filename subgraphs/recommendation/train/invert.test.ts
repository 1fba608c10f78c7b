import { expect, test } from '@jest/globals'
import { invertNegative } from './invert.ts'
import { cellOf, symmetricTiles, type SymmetricTiles } from './tiles.ts'

/** Random, the same at every run; strongly diagonal, and so positive definite. */
function sample(size: number): SymmetricTiles {
  let state = 1
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
  const matrix = symmetricTiles(size)
  for (let row = 0; row < size; row += 1) for (let column = 0; column <= row; column += 1) matrix.data[cellOf(row, column)] = (row === column ? size : 0) + random()
  return matrix
}

test.each([1, 63, 64, 150])('a matrix of %d rows times its inverse is one', async (size) => {
  const matrix = sample(size)
  const inverse = sample(size)
  await invertNegative(inverse, { threads: 2 })
  let error = 0
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      let sum = 0
      for (let at = 0; at < size; at += 1) sum -= (matrix.data[cellOf(row, at)] ?? 0) * (inverse.data[cellOf(at, column)] ?? 0)
      error = Math.max(error, Math.abs(sum - (row === column ? 1 : 0)))
    }
  }
  expect(error).toBeLessThan(1e-10)
})

test('the number of threads does not change a bit', async () => {
  const results = await Promise.all(
    [1, 2, 3].map(async (threads) => {
      const matrix = sample(200)
      await invertNegative(matrix, { threads })
      return Buffer.from(matrix.data.buffer).toString('base64')
    }),
  )
  expect(new Set(results).size).toBe(1)
})

test('what is not positive definite is refused, and no thread stays behind', async () => {
  const matrix = symmetricTiles(100)
  await expect(invertNegative(matrix, { threads: 2 })).rejects.toThrow('not positive definite')
})
