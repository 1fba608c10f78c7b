import type { Workload } from './market/queries.ts'
import type { Sample } from './session.ts'
import type { Target } from './targets/target.ts'

/** The samples of one target under one workload, one a round. */
export class Series {
  readonly #samples: Sample[] = []

  add(sample: Sample): void {
    this.#samples.push(sample)
  }

  get perSecond(): number {
    return median(this.#samples.map((sample) => sample.perSecond))
  }

  get p50(): number {
    return median(this.#samples.map((sample) => sample.p50))
  }

  get p99(): number {
    return median(this.#samples.map((sample) => sample.p99))
  }

  /** Of the rounds, how much longer the slowest hundredth waited than the middle. */
  get p99OverP50(): number {
    return median(this.#samples.map(({ p50, p99 }) => p99 / p50))
  }

  get cpuPerRequest(): number | null {
    const known = this.#samples.flatMap(({ cpuPerRequest }) => (cpuPerRequest === null ? [] : [cpuPerRequest]))
    return known.length === 0 ? null : median(known)
  }

  /** The slowest and the fastest round, in requests a second. */
  get spread(): readonly [slowest: number, fastest: number] {
    const all = this.#samples.map((sample) => sample.perSecond)
    return [Math.min(...all), Math.max(...all)]
  }

  /** How many times as many requests a second as the other: the median of the rounds, in each of which both ran within seconds. */
  over(other: Series): number {
    return median(this.#samples.flatMap(({ perSecond }, round) => {
      const theirs = other.#samples[round]
      return theirs === undefined ? [] : [perSecond / theirs.perSecond]
    }))
  }

  /** How many times as much processor time a request takes as with the other: the median of the rounds; null where it is not known. */
  costOver(other: Series): number | null {
    const ratios = this.#samples.flatMap(({ cpuPerRequest }, round) => {
      const theirs = other.#samples[round]?.cpuPerRequest
      return cpuPerRequest === null || theirs === null || theirs === undefined || theirs === 0 ? [] : [cpuPerRequest / theirs]
    })
    return ratios.length === 0 ? null : median(ratios)
  }
}

/** Every series of a session, by workload and target. */
export class Results {
  readonly #series = new Map<string, Series>()

  of(workload: Workload, target: Pick<Target, 'name'>): Series {
    const key = `${workload.name} ${target.name}`
    let series = this.#series.get(key)
    if (series === undefined) this.#series.set(key, (series = new Series()))
    return series
  }
}

/** As figures are written: to a thousandth. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  const [high = Number.NaN, low = high] = [sorted[middle], sorted[sorted.length % 2 === 0 ? middle - 1 : middle]]
  return (low + high) / 2
}

/**
 * Between which of the values the median of all that could have been measured lies, with at least 95 per cent certainty, however they are
 * distributed: the order statistics of the sign test. Of fewer than six values, the smallest and the largest.
 */
export function medianInterval(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = values.toSorted((one, other) => one - other)
  const count = sorted.length
  let rank = 0
  let outside = 0
  for (let chance = 0.5 ** count; ; chance *= (count - rank) / (rank + 1), rank++) {
    outside += 2 * chance
    if (outside > 0.05 || rank >= Math.floor((count - 1) / 2)) break
  }
  const from = Math.max(0, rank - 1)
  return [sorted[from] ?? Number.NaN, sorted[count - 1 - from] ?? Number.NaN]
}
