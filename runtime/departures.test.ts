import { expect, test } from '@jest/globals'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { departTogether } from './departures.ts'

test('what becomes ready in one turn leaves at its end, in order', async () => {
  const left: string[] = []
  departTogether({ depart: () => void left.push('first') }, 100)
  await Promise.resolve()
  departTogether({ depart: () => void left.push('second') }, 100)
  expect(left).toEqual([])
  await nextTurn()
  expect(left).toEqual(['first', 'second'])
})

test('what is large leaves at once, after what waited before it', async () => {
  const left: string[] = []
  departTogether({ depart: () => void left.push('small') }, 100)
  departTogether({ depart: () => void left.push('large') }, 100_000)
  expect(left).toEqual(['small', 'large'])
  departTogether({ depart: () => void left.push('later') }, 100)
  expect(left).toHaveLength(2)
  await nextTurn()
  expect(left).toEqual(['small', 'large', 'later'])
})

test('what becomes ready while others leave is not forgotten', async () => {
  const left: string[] = []
  departTogether({ depart: () => departTogether({ depart: () => void left.push('next') }, 1) }, 1)
  await nextTurn()
  await nextTurn()
  expect(left).toEqual(['next'])
})
