import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'

/**
 * What a process takes from the machine it runs on and no run repeats by itself: time and chance. Whoever takes them from here
 * can be run on virtual time, with chance drawn from a seed.
 */
export interface Machine {
  /** Epoch milliseconds by the machine's own clock, which may be wrong, and may jump. */
  wallClock(): number
  /** Milliseconds since some instant; they only grow. */
  monotonic(): number
  /** In [0, 1). */
  random(): number
  /** A text that nobody else draws. */
  uuid(): string
  /** Runs `work` once after `ms` milliseconds, unless it is disposed of before. */
  after(ms: number, work: () => void): Disposable
  /** Resolves when others that are due have had their turn. */
  turn(): Promise<void>
}

/** The machine that this process runs on. */
export const thisMachine: Machine = {
  wallClock: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  uuid: () => randomUUID(),
  after(ms, work) {
    const timer = setTimeout(work, ms)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
  turn: () => setImmediate(),
}
