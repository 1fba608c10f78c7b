interface Timer {
  readonly at: number
  /** Timers of the same instant run in the order in which they were set. */
  readonly order: number
  readonly work: () => void
  cancelled: boolean
}

/** Where virtual time begins: some ordinary day, in epoch milliseconds. */
const beginning = Date.UTC(2027, 2, 1, 9)

/**
 * Time that passes only when nothing is left to do. What was started at one instant runs until it waits, then the next timer is due:
 * so a run depends on nothing but its choices.
 */
export class VirtualTime {
  readonly #timers: Timer[] = []
  #order = 0
  #now = beginning

  /** Epoch milliseconds, as an ideal clock shows them. */
  get now(): number {
    return this.#now
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#now - beginning
  }

  after(ms: number, work: () => void): Disposable {
    this.#order += 1
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order, work, cancelled: false }
    let place = this.#timers.length
    while (place > 0 && (this.#timers[place - 1] as Timer).at > timer.at) place -= 1
    this.#timers.splice(place, 0, timer)
    return {
      [Symbol.dispose]() {
        timer.cancelled = true
      },
    }
  }

  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => void this.after(ms, resolve))
  }

  /** Lets `ms` milliseconds pass; `check` is called after each instant at which something happened. */
  async pass(ms: number, check: () => Promise<void>): Promise<void> {
    const until = this.#now + ms
    await settle()
    for (let due = this.#due(until); due !== null; due = this.#due(until)) {
      this.#now = due.at
      due.work()
      await settle()
      await check()
    }
    this.#now = until
  }

  #due(until: number): Timer | null {
    for (;;) {
      const [first] = this.#timers
      if (first === undefined || first.at > until) return null
      this.#timers.shift()
      if (!first.cancelled) return first
    }
  }
}

/** Resolves when everything that can go on without time passing has done so: promises and ticks all run before an immediate. */
export function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
