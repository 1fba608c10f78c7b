import { describe, expect, test } from '@jest/globals'
import { runSim } from './command.ts'
import { simulate } from './run.ts'

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
