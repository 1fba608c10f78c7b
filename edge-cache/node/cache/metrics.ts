import { Counter, Gauge, type Registry } from '../../../runtime/metrics.ts'
import type { ByteCache, ByteCacheCounts } from './byte-cache.ts'

/** Registers the figures of the byte cache; they are read when they are scraped. */
export function registerCacheMetrics(registry: Registry, cache: ByteCache): void {
  const counter = (name: string, help: string, count: keyof ByteCacheCounts): void => {
    registry.registerMetric(
      new Counter({
        name,
        help,
        registers: [],
        collect() {
          this.reset()
          this.inc(cache.counts[count])
        },
      }),
    )
  }
  const gauge = (name: string, help: string, value: () => number): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(value())
        },
      }),
    )
  }
  counter('aisle_edge_cache_hits_total', 'Answers given from ready bytes', 'hits')
  counter('aisle_edge_cache_misses_total', 'Queries executed', 'misses')
  counter('aisle_edge_cache_stale_total', 'Answers dropped because what they show has changed', 'stale')
  counter('aisle_edge_cache_discarded_total', 'Answers not kept because what they show changed while they were made', 'discarded')
  counter('aisle_edge_cache_evictions_total', 'Answers dropped to make room', 'evictions')
  gauge('aisle_edge_cache_bytes', 'Memory that ready answers take', () => cache.bytes)
  gauge('aisle_edge_cache_answers', 'Ready answers', () => cache.size)
}
