import type { Machine } from '../../runtime/machine.ts'
import type { Random } from '../differential/random.ts'
import type { VirtualTime } from './time.ts'

/** The machine that one life of a node's process runs on; its clocks are not those of the simulation. */
export class SimulatedMachine implements Machine {
  /** The process is gone: nothing of it runs any more. */
  dead = false
  /** What the wall clock shows more than the true time, in milliseconds. */
  wallAhead: number
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #bootedAt: number
  /** The monotonic clock runs this much faster than true time. */
  readonly #drift: number
  readonly #base: number

  constructor(time: VirtualTime, random: Random, wallAhead: number) {
    this.#time = time
    this.#random = random
    this.wallAhead = wallAhead
    this.#bootedAt = time.now
    this.#drift = random.integer(-30, 30) * 1e-6
    this.#base = random.integer(1_000, 1_000_000)
  }

  wallClock(): number {
    return Math.floor(this.#time.now + this.wallAhead)
  }

  monotonic(): number {
    return this.#base + (this.#time.now - this.#bootedAt) * (1 + this.#drift)
  }

  random(): number {
    return this.#random.integer(0, 999_999_999) / 1_000_000_000
  }

  uuid(): string {
    const part = (digits: number): string => this.#random.integer(0, 16 ** digits - 1).toString(16).padStart(digits, '0')
    return `${part(8)}-${part(4)}-4${part(3)}-a${part(3)}-${part(6)}${part(6)}`
  }

  /** Computing takes no time. */
  async turn(): Promise<void> {}

  after(ms: number, work: () => void): Disposable {
    // No timer holds an instant longer than the platform's own can.
    return this.#time.after(Math.max(1, ms), () => {
      if (!this.dead) work()
    })
  }
}
