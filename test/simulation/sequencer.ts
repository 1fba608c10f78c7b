import type { Random } from '../differential/random.ts'
import type { ModelCloud } from './cloud/cloud.ts'
import type { Count } from './tally.ts'
import type { VirtualTime } from './time.ts'

/** One of the processes that move the outbox to the log; the fence lets one at a time. */
export class SimulatedSequencer {
  /** It is killed within its next transaction. */
  armed = false
  #running = true
  #due = false
  readonly #cloud: ModelCloud
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #count: Count
  readonly #background: (work: Promise<unknown>) => void

  constructor(cloud: ModelCloud, time: VirtualTime, random: Random, count: Count, background: (work: Promise<unknown>) => void) {
    this.#cloud = cloud
    this.#time = time
    this.#random = random
    this.#count = count
    this.#background = background
  }

  get running(): boolean {
    return this.#running
  }

  stop(): void {
    this.#running = false
  }

  start(): void {
    this.#running = true
    this.wake()
  }

  /** Something waits to be moved: its next tick sees to it. */
  wake(): void {
    if (this.#due || !this.#running) return
    this.#due = true
    this.#time.after(this.#random.integer(5, 50), () => this.#background(this.#tick()))
  }

  async #tick(): Promise<void> {
    this.#due = false
    if (!this.#running) return
    if (this.#cloud.fenced) this.#count('sequencers: two at the fence')
    try {
      await this.#cloud.moveFenced(async () => {
        await this.#time.sleep(this.#random.integer(0, 10))
        if (this.armed) throw new Error('killed between two statements')
      })
    } catch (error) {
      if (!this.armed) throw error
      this.#count('sequencers: killed between two statements')
      this.armed = false
      this.#running = false
    }
  }
}
