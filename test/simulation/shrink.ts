import { simulate, type RunOptions, type RunResult } from './run.ts'

/** The least that still goes wrong, as far as leaving things out finds it. */
export interface Shrunk {
  readonly result: RunResult
  readonly steps: number
  readonly without: ReadonlySet<string>
}

/** Leaves out what comes after the violation, then one kind of event after the other, as long as the same invariant is violated. */
export async function shrink(failed: RunResult, options: Omit<RunOptions, 'seed' | 'note'>): Promise<Shrunk> {
  const violates = async (steps: number, without: ReadonlySet<string>): Promise<RunResult | null> => {
    try {
      const result = await simulate({ ...options, seed: failed.seed, steps, without })
      return result.violation?.invariant === failed.violation?.invariant ? result : null
    } catch {
      return null
    }
  }
  let best: Shrunk = { result: failed, steps: Math.min(failed.step, options.steps ?? failed.step), without: options.without ?? new Set() }
  const shorter = await violates(best.steps, best.without)
  if (shorter !== null) best = { ...best, result: shorter, steps: Math.min(best.steps, shorter.step) }
  for (const name of new Set(failed.happened)) {
    const without = new Set([...best.without, name])
    const result = await violates(best.steps, without)
    if (result !== null) best = { result, steps: Math.min(best.steps, result.step), without }
  }
  return best
}
