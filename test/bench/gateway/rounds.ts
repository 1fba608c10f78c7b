import type { Workload } from './market/queries.ts'
import { Results } from './results.ts'
import type { Session, Slice } from './session.ts'
import type { Target } from './targets/target.ts'

/** One thing to measure in every round. */
export interface Entry {
  readonly workload: Workload
  readonly target: Target
  /** A multiple of the usual time, for what needs less. */
  readonly share?: number
}

export interface Pace {
  readonly rounds: number
  /** Before the first round, each entry once, unmeasured. */
  readonly warmUp: Slice
  readonly slice: Slice
}

/**
 * Measures all entries round by round: short slices in turn, so that what else happens on the machine meets all of them. The order turns
 * by a third of the list each round, so that nothing always runs after the same.
 */
export async function measureRounds(session: Session, entries: readonly Entry[], pace: Pace, say: (text: string) => void): Promise<Results> {
  const results = new Results()
  for (const { target, workload } of entries) {
    say(`Warming up: ${target.name}, ${workload.name}`)
    await session.measure(target, workload, pace.warmUp)
  }
  for (let round = 0; round < pace.rounds; round++) {
    const first = Math.floor((round * entries.length) / 3) % entries.length
    for (const { workload, target, share = 1 } of [...entries.slice(first), ...entries.slice(0, first)]) {
      say(`Round ${round + 1} of ${pace.rounds}: ${target.name}, ${workload.name}`)
      const { warmMs, measureMs } = pace.slice
      results.of(workload, target).add(await session.measure(target, workload, { warmMs: warmMs * share, measureMs: measureMs * share }))
    }
  }
  return results
}
