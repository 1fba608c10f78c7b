import { Gauge, Histogram, type Registry } from '../../runtime/metrics.ts'

/** A store that was silent for longer (milliseconds) is no longer told of: it has closed, or another replica serves it. */
const forgottenMs = 7 * 24 * 3_600_000

/** Most stores that are named at a time: those furthest behind. */
const mostNamed = 20

interface Follower {
  /** The batch that it stood at when it asked last. */
  batch: number
  /** When it asked last, or was answered last; by `performance.now()`. */
  heardAt: number
  waiting: number
}

/** How far each store's node is behind, as far as this replica of origin hears of it. */
export class StoreLag {
  readonly #followers = new Map<string, Follower>()

  /** A node asks for what comes after a batch; call what is returned once it is answered, or gone. */
  asked(storeId: string, batch: number): () => void {
    const known = this.#followers.get(storeId)
    const follower = known ?? { batch, heardAt: 0, waiting: 0 }
    if (known === undefined) this.#followers.set(storeId, follower)
    follower.batch = batch
    follower.heardAt = performance.now()
    follower.waiting++
    return () => {
      follower.waiting--
      follower.heardAt = performance.now()
    }
  }

  /** By store, furthest behind first. @param head newest batch of the log */
  behind(head: number): { readonly storeId: string; readonly batches: number; readonly silentSeconds: number }[] {
    const now = performance.now()
    const found = []
    for (const [storeId, { batch, heardAt, waiting }] of this.#followers) {
      const silentMs = waiting > 0 ? 0 : now - heardAt
      if (silentMs > forgottenMs) this.#followers.delete(storeId)
      else found.push({ storeId, batches: Math.max(0, head - batch), silentSeconds: silentMs / 1000 })
    }
    return found.toSorted((one, other) => other.silentSeconds - one.silentSeconds || other.batches - one.batches)
  }
}

/** Registers the figures: a snapshot of all stores as histograms, and the worst by name. Chains have thousands of stores: more names would fill Prometheus. */
export function registerLagMetrics(registry: Registry, lag: StoreLag, head: () => Promise<number>): void {
  const silence = new Histogram({
    name: 'aisle_store_silence_seconds',
    help: 'Stores by the seconds since their node was last heard of; a snapshot at each scrape, so that it is no rate',
    buckets: [1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400],
    registers: [],
  })
  const batches = new Histogram({
    name: 'aisle_store_lag_batches',
    help: 'Stores by the batches that their node is behind; a snapshot at each scrape, so that it is no rate',
    buckets: [0, 1, 10, 100, 1_000, 10_000, 100_000],
    registers: [],
  })
  const worstSilence = new Gauge({ name: 'aisle_store_worst_silence_seconds', help: 'Seconds since the node was last heard of, for the stores silent longest', labelNames: ['store'], registers: [] })
  const worst: Gauge<'store'> = new Gauge({
    name: 'aisle_store_worst_lag_batches',
    help: 'Batches that the node is behind, for the same stores',
    labelNames: ['store'],
    registers: [],
    async collect() {
      const found = lag.behind(await head())
      for (const metric of [silence, batches, worstSilence, worst]) metric.reset()
      for (const { batches: behind, silentSeconds } of found) {
        silence.observe(silentSeconds)
        if (Number.isFinite(behind)) batches.observe(behind)
      }
      for (const { storeId, batches: behind, silentSeconds } of found.slice(0, mostNamed)) {
        worst.set({ store: storeId }, behind)
        worstSilence.set({ store: storeId }, silentSeconds)
      }
    },
  })
  for (const metric of [worst, silence, batches, worstSilence]) registry.registerMetric(metric)
}
