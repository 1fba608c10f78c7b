import { Histogram, type HistogramConfiguration } from 'prom-client'

type Exported = Awaited<ReturnType<Histogram['get']>>

/** What was observed under one set of labels. */
interface Series {
  readonly values: readonly string[]
  /** How many observations fell into each bucket, the last for those beyond all bounds. */
  readonly counts: Float64Array
  sum: number
}

/**
 * A histogram for what happens several times a request: observing is a lookup by the label values, where the general one checks, copies
 * and sorts the labels each time. It is read as any other.
 */
export class Durations extends Histogram {
  readonly #names: readonly string[]
  readonly #bounds: readonly number[]
  /** Stays empty: it knows how a histogram describes itself. */
  readonly #empty: Histogram
  /** By the first label's value, then the second's, then the third's. */
  readonly #series = new Map<string, Map<string, Map<string, Series>>>()

  constructor(configuration: HistogramConfiguration<string> & { readonly labelNames: readonly string[]; readonly buckets: number[] }) {
    super(configuration)
    this.#names = configuration.labelNames
    this.#bounds = configuration.buckets
    this.#empty = new Histogram({ ...configuration, registers: [] })
  }

  /** @param one the value of the first label @param other of the second @param third of the third, where there is one */
  took(seconds: number, one: string, other: string, third = ''): void {
    const series = this.#series.get(one)?.get(other)?.get(third) ?? this.#start(one, other, third)
    let bucket = 0
    while (bucket < this.#bounds.length && seconds > (this.#bounds[bucket] ?? Infinity)) bucket++
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
    series.sum += seconds
  }

  #start(one: string, other: string, third: string): Series {
    const series: Series = { values: [one, other, third], counts: new Float64Array(this.#bounds.length + 1), sum: 0 }
    const byOther = this.#series.get(one) ?? new Map<string, Map<string, Series>>()
    const byThird = byOther.get(other) ?? new Map<string, Series>()
    this.#series.set(one, byOther.set(other, byThird.set(third, series)))
    return series
  }

  override async get(): Promise<Exported> {
    const described = await this.#empty.get()
    const { name } = described
    const all = [...this.#series.values()].flatMap((byOther) => [...byOther.values()].flatMap((byThird) => [...byThird.values()]))
    const values = all.flatMap(({ values: given, counts, sum }) => {
      const labels = Object.fromEntries(this.#names.map((label, index) => [label, given[index] ?? '']))
      let count = 0
      const buckets = [...counts].map((within, index) => {
        count += within
        return { metricName: `${name}_bucket`, labels: { ...labels, le: this.#bounds[index] ?? '+Inf' }, value: count }
      })
      return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count }]
    })
    return { ...described, values }
  }

  /** What the registry reads in place of {@link Durations.get}. */
  async getForPromString(): Promise<Exported> {
    return this.get()
  }
}
