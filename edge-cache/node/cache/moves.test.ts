import { expect, test } from '@jest/globals'
import { Moves, slotOf } from './moves.ts'

const slots = [slotOf('stock:S:tea')]

test('a fill that begins between the parts of a long batch does not outlive the batch', () => {
  const moves = new Moves()
  // A pending write leaves the overlay in a part of the batch; nothing of it is visible yet.
  moves.moved(['stock:S:tea'])
  const since = moves.clock
  expect(moves.newest(slots)).toBeLessThanOrEqual(since)
  moves.visible(['stock:S:milk'])
  expect(moves.newest(slots)).toBeGreaterThan(since)
  // Told once: the next batch is another matter.
  const after = moves.clock
  moves.visible(['price:P'])
  expect(moves.newest(slots)).toBeLessThanOrEqual(after)
})

test('what moved too much between two batches is everything', () => {
  const moves = new Moves()
  moves.moved(Array.from({ length: 10_001 }, (_, at) => `stock:S:${at}`))
  const since = moves.clock
  moves.visible([])
  expect(moves.newest(slots)).toBeGreaterThan(since)
})
