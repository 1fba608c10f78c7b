import { describe, expect, test } from '@jest/globals'
import { failureText } from './command.ts'
import { plantedBugs } from './planted.ts'
import { simulate } from './run.ts'
import { shrink } from './shrink.ts'

test('who has seen it fail is told how to see it again', async () => {
  const bug = Object.values(plantedBugs)[0]
  if (bug === undefined) throw new Error('There is a bug.')
  const without = new Set(['many at once', 'big batch'])
  const { violation } = await simulate({ seed: 1, steps: 60, without, planted: bug.plant() })
  const told = failureText(1, violation?.message ?? '', 60, [...without])
  expect(told).toBe(`seed 1: ${violation?.message}\n  npm run aisle -- sim --seed 1 --steps 60 --without 'many at once,big batch'\n`)
  const again = await simulate({ seed: 1, steps: 60, without, planted: bug.plant() })
  expect(again.violation?.message).toBe(violation?.message)
  expect(violation?.message).toMatch(/^Invariant \d+: /)
})

/** Days without a link take longest to simulate, and no bug here needs them. */
const lengthy: ReadonlySet<string> = new Set(['long offline'])

describe('a bug is found within the hundred seeds', () => {
  test.each(Object.entries(plantedBugs))('%s', async (_name, { plant, invariant }) => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const { violation } = await simulate({ seed, without: lengthy, planted: plant() })
      if (violation?.invariant === invariant) return
    }
    throw new Error('No seed found it.')
  }, 180_000)

  test('so each invariant can fail', () => {
    expect(new Set(Object.values(plantedBugs).map(({ invariant }) => invariant))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]))
  })

  test('and what it needs is narrowed down', async () => {
    const { plant } = Object.values(plantedBugs)[0] ?? {}
    if (plant === undefined) throw new Error('There is a bug.')
    const planted = plant()
    const failed = await simulate({ seed: 1, steps: 60, planted })
    expect(failed.violation?.invariant).toBe(4)
    const { result, steps, without } = await shrink(failed, { planted })
    expect(result.violation?.invariant).toBe(4)
    expect(steps).toBeLessThanOrEqual(failed.step)
    expect(without.size).toBeGreaterThan(0)
  }, 180_000)
})
