import type { BenchmarkReport } from '../command.ts'
import type { Cast } from './cast.ts'
import { heavy, small, type Workload } from './market/queries.ts'
import { pinning } from './processes.ts'
import { rounded, type Results } from './results.ts'
import type { Entry } from './rounds.ts'
import { type Row, table } from './table.ts'
import type { Target } from './targets/target.ts'

/** A ratio or a measure with a stable name. `value` is null where the target that it needs is not installed. */
interface Figure {
  readonly name: string
  readonly meaning: string
  readonly value: number | null
}

export async function report(cast: Cast, entries: readonly Entry[], fetches: ReadonlyMap<Entry, number>, results: Results): Promise<BenchmarkReport> {
  const figures = await figuresOf(cast, results)
  const peaks = new Map(await Promise.all(entries.map(async ({ target }) => [target, await target.process.peakMemory()] as const)))
  const sections = [
    table(['figure', 'value', 'what it says'], figures.map(({ name, value, meaning }): Row => [name, value, meaning])),
    pinning === null ? 'This system cannot hold a process on one core: gateway, load and subgraphs compete, so the figures mean little.' : null,
    ...[heavy, small].map((workload) => workloadTable(workload, entries, fetches, results, peaks)),
    'Latencies in ms under 50 connections; processor time is that of the gateway alone; peak memory is that of the process over the whole run.',
  ]
  return {
    table: sections.filter((section) => section !== null).join('\n\n'),
    figures: Object.fromEntries(figures.flatMap(({ name, value }) => (value === null || !Number.isFinite(value) ? [] : [[name, rounded(value)]]))),
  }
}

async function figuresOf({ ours, oursSharing, hive, hiveSharing, apollo, mercurius, proxy }: Cast, results: Results): Promise<Figure[]> {
  const over = (workload: Workload, one: Target, other: Target | null): number | null => (other === null ? null : results.of(workload, one).over(results.of(workload, other)))
  return [
    { name: 'heavy.vs_hive_rust', value: over(heavy, ours, hive), meaning: 'requests/s beside Hive Gateway on its Rust planner, neither sharing equal work' },
    { name: 'heavy.vs_apollo', value: over(heavy, ours, apollo), meaning: 'beside @apollo/gateway on Apollo Server' },
    { name: 'heavy.vs_mercurius', value: over(heavy, ours, mercurius), meaning: 'beside mercurius\' gateway' },
    { name: 'heavy.vs_proxy', value: over(heavy, ours, proxy), meaning: 'beside a bare proxy that makes the same fetches, parses and re-serialises' },
    { name: 'heavy.rss_mb', value: await ours.process.peakMemory(), meaning: 'peak memory, MB' },
    { name: 'heavy.p99_over_p50', value: results.of(heavy, ours).p99OverP50, meaning: 'latency of the slowest hundredth over the median' },
    { name: 'small.vs_hive_rust', value: over(small, ours, hive), meaning: 'the query of two fetches, beside Hive Gateway' },
    { name: 'small.vs_mercurius', value: over(small, ours, mercurius), meaning: 'beside mercurius\' gateway' },
    { name: 'small.vs_apollo', value: over(small, ours, apollo), meaning: 'beside @apollo/gateway' },
    { name: 'small.vs_proxy', value: over(small, ours, proxy), meaning: 'beside the bare proxy' },
    { name: 'shared.vs_hive_shared', value: over(heavy, oursSharing, hiveSharing), meaning: 'the heavy query, both sharing equal work' },
  ]
}

function workloadTable(workload: Workload, entries: readonly Entry[], fetches: ReadonlyMap<Entry, number>, results: Results, peaks: ReadonlyMap<Target, number | null>): string {
  const rows = entries
    .filter((entry) => entry.workload === workload)
    .map((entry) => ({ entry, series: results.of(workload, entry.target) }))
    .toSorted((one, other) => other.series.perSecond - one.series.perSecond)
    .map(({ entry, series }): Row => {
      const [slowest, fastest] = series.spread
      return [
        entry.target.name, Math.round(series.perSecond), `${Math.round(slowest)}–${Math.round(fastest)}`, series.p50, series.p99,
        series.cpuPerRequest, peaks.get(entry.target) ?? null, String(fetches.get(entry) ?? ''),
      ]
    })
  return table([`${workload.name} query`, 'requests/s', 'over rounds', 'p50', 'p99', 'CPU ms/request', 'peak MB', 'fetches'], rows)
}
