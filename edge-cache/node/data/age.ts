import { performance } from 'node:perf_hooks'
import type { LogHead } from '../../../subgraphs/log/source.ts'

/** The cloud's clock as this node can tell it: by what origin said, moved on by the monotonic clock. */
export class CloudClock {
  /** Epoch milliseconds of the cloud less the monotonic clock; null before origin said anything. */
  #ahead: number | null = null

  /**
   * Origin has said when its newest batch was the newest. The furthest it ever said counts: with the sequencer at a stand it says
   * an old instant again and again, and no age may be told too young.
   */
  heard({ at }: LogHead): void {
    this.#ahead = Math.max(this.#ahead ?? -Infinity, at - performance.now())
  }

  /** Epoch milliseconds; by this machine's wall clock before origin said anything. */
  now(): number {
    return this.#ahead === null ? Date.now() : this.#ahead + performance.now()
  }

  /** Whole seconds since `at` (epoch milliseconds, the cloud's clock). */
  ageOf(at: number): number {
    return Math.max(0, Math.floor((this.now() - at) / 1000))
  }
}
