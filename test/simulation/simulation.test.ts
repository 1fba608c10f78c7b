import { describe, expect, test } from '@jest/globals'
import { failureText, runSim } from './command.ts'
import { plantedBugs } from './planted.ts'
import { simulate } from './run.ts'
import { shrink } from './shrink.ts'

const seeds = Array.from({ length: 100 }, (_unused, nth) => nth + 1)
const perTest = 20
/** Fewer than `aisle sim` takes by itself: every change of the code waits for these. */
const stepsOfEach = 30

describe('whatever goes wrong, no invariant is violated', () => {
  for (let first = 0; first < seeds.length; first += perTest) {
    const some = seeds.slice(first, first + perTest)
    test(`seeds ${some[0]} to ${some.at(-1)}`, async () => {
      for (const seed of some) {
        const { violation, step } = await simulate({ seed, steps: stepsOfEach })
        expect(violation === null ? null : `npm run aisle -- sim --seed ${seed} --steps ${stepsOfEach}, step ${step}: ${violation.message}`).toBeNull()
      }
    }, 180_000)
  }
})

test('a run depends on nothing but its seed', async () => {
  const [first, second] = [await simulate({ seed: 11 }), await simulate({ seed: 11 })]
  expect(second).toEqual(first)
  expect((await simulate({ seed: 12 })).trace).not.toBe(first.trace)
})

test('and not on how many run at a time', async () => {
  const told = async (jobs: number): Promise<string> => {
    let text = ''
    expect(await runSim({ seeds: 6, from: 31, steps: 25, jobs, verbose: true }, { write: (part: string) => (text += part) }, { write: () => true })).toBe(true)
    // The one thing that is of the machine.
    return text.replace(/in \d+ s:/, '')
  }
  const alone = await told(1)
  expect(await told(3)).toBe(alone)
  expect(alone).toMatch(/^traces [0-9a-f]{16}; \d+ of \d+ things that can happen did/m)
}, 120_000)

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

describe('a bug is found within the hundred seeds', () => {
  test.each(Object.entries(plantedBugs))('%s', async (_name, { plant, invariant }) => {
    for (const seed of seeds) {
      const { violation } = await simulate({ seed, planted: plant() })
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
    const failed = await simulate({ seed: 1, planted })
    expect(failed.violation?.invariant).toBe(4)
    const { result, steps, without } = await shrink(failed, { planted })
    expect(result.violation?.invariant).toBe(4)
    expect(steps).toBeLessThanOrEqual(failed.step)
    expect(without.size).toBeGreaterThan(0)
  })
})
