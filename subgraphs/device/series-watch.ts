import type { Reading } from './store.ts'
import { defaultRange, usualRange, type RangeOptions, type UsualRange } from './usual-range.ts'

interface Judged extends Reading {
  /** Whether it lay outside the range of those before it; unknown for what was there before the watch began. */
  readonly outside: boolean | null
}

/** Follows one series and tells when it leaves its usual range. It holds no more than the window of readings. */
export class SeriesWatch {
  readonly #options: RangeOptions
  readonly #readings: Judged[]

  /** @param previous the readings before the first one to judge, oldest first. */
  constructor(previous: readonly Reading[], options: RangeOptions = defaultRange) {
    this.#options = options
    this.#readings = previous.slice(-this.#keep).map((reading) => ({ ...reading, outside: null }))
  }

  /** One more than the window: whether a reading leaves the range depends on the one before it. */
  get #keep(): number {
    return this.#options.window + 1
  }

  /**
   * Takes a reading, late ones at their place in time.
   * @returns the range that it leaves; null when it lies in its range, when the reading before it was already outside, or
   * when the same instant is known.
   */
  take({ at, value }: Reading): UsualRange | null {
    let place = this.#readings.length
    while (place > 0 && (this.#readings[place - 1]?.at ?? -Infinity) >= at) place -= 1
    if (this.#readings[place]?.at === at) return null
    const left = this.#rangeLeft(place, value)
    const before = this.#readings[place - 1]
    const wasOutside = before !== undefined && (before.outside ?? this.#rangeLeft(place - 1, before.value) !== null)
    this.#readings.splice(place, 0, { at, value, outside: left !== null })
    if (this.#readings.length > this.#keep) this.#readings.shift()
    return wasOutside ? null : left
  }

  /** The range of the readings before `place`, when the value lies outside it. */
  #rangeLeft(place: number, value: number): UsualRange | null {
    const previous = this.#readings.slice(Math.max(0, place - this.#options.window), place).map((reading) => reading.value)
    const range = usualRange(previous, this.#options)
    return range !== null && (value < range.min || value > range.max) ? range : null
  }
}
