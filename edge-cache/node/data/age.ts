import { thisMachine, type Machine } from '../../../runtime/machine.ts'
import type { LogHead } from '../../../subgraphs/log/source.ts'

/** How far two clocks may drift apart: three times what a quartz of a cheap board does. */
const drift = 1e-4

/**
 * The cloud's clock as this node can tell it: by what origin said, moved on by the monotonic clock. This machine's own clock may
 * be wrong by any amount; it counts only until origin has spoken, and then never for less than what the copy is known to be as of.
 */
export class CloudClock {
  readonly #machine: Machine
  /** Epoch milliseconds of the cloud less the monotonic clock, as of `#heardAt`; null before origin said anything. */
  #ahead: number | null = null
  #heardAt = 0
  /** The same for an instant that has passed for certain. */
  #floor = -Infinity
  #lastStamp = -Infinity

  constructor(machine: Machine = thisMachine) {
    this.#machine = machine
  }

  /** False until origin has spoken. */
  get known(): boolean {
    return this.#ahead !== null
  }

  /** The latest instant (epoch milliseconds, the cloud's clock) that is known to have passed. */
  passed(instant: number): void {
    this.#floor = Math.max(this.#floor, instant - this.#machine.monotonic())
  }

  /**
   * Origin has said what its clock shows. An answer that was long on its way tells too little: what was known from before
   * counts where it tells more, less what the clocks may have drifted apart since.
   */
  heard({ now }: LogHead): void {
    const monotonic = this.#machine.monotonic()
    this.#ahead = Math.max(this.#aheadAt(monotonic), now - monotonic)
    this.#heardAt = monotonic
  }

  /** Epoch milliseconds; by this machine's wall clock before origin said anything. */
  now(): number {
    const monotonic = this.#machine.monotonic()
    return this.#ahead === null ? Math.max(this.#machine.wallClock(), this.#floor + monotonic) : this.#aheadAt(monotonic) + monotonic
  }

  /**
   * The cloud's instant for one of this machine's wall clock, both in epoch milliseconds. Before origin said anything no later call gives
   * an earlier instant, so that writes keep their order whatever was done to the wall clock.
   */
  ofWallClock(at: number): number {
    const instant = Math.round(at + (this.now() - this.#machine.wallClock()))
    if (this.known) return instant
    this.stamped(instant)
    return this.#lastStamp
  }

  /** A write was stamped with this instant (epoch milliseconds), perhaps by an earlier process. */
  stamped(instant: number): void {
    this.#lastStamp = Math.max(this.#lastStamp, instant)
  }

  /** Whole seconds since `at` (epoch milliseconds, the cloud's clock). */
  ageOf(at: number): number {
    return Math.max(0, Math.floor((this.now() - at) / 1000))
  }

  #aheadAt(monotonic: number): number {
    return this.#ahead === null ? -Infinity : this.#ahead - (monotonic - this.#heardAt) * drift
  }
}
