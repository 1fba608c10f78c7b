import type { BenchmarkReport } from '../../command.ts'
import type { Workload } from '../market/queries.ts'
import { rounded, type Results } from '../results.ts'
import type { Entry } from '../rounds.ts'
import { type Row, table } from '../table.ts'
import type { RetailCast } from './cast.ts'

/** Processor time of the gateways first: the subgraphs take most of each answer's time, whoever asks them. */
export function retailReport(cast: RetailCast, workloads: readonly Workload[], entries: readonly Entry[], fetches: ReadonlyMap<Entry, number>, results: Results, connections: number): BenchmarkReport {
  const [own, ...others] = cast.members
  const figures: Record<string, number> = {}
  const note = (name: string, value: number | null): void => {
    if (value !== null && Number.isFinite(value)) figures[name] = rounded(value)
  }
  for (const workload of workloads) {
    for (const { key, target } of cast.members) {
      const { cpuPerRequest, p50, p99 } = results.of(workload, target)
      const place = `retail.${workload.name}${target === own?.target ? '' : `.${key}`}`
      note(`${place}.cpu_ms`, cpuPerRequest)
      note(`${place}.p50_ms`, p50)
      note(`${place}.p99_ms`, p99)
    }
  }
  const ratios = others.map(({ target }): Row => [
    target.name,
    ...workloads.map((workload) => (own === undefined ? null : results.of(workload, target).costOver(results.of(workload, own.target)))),
  ])
  const rows = workloads.flatMap((workload) => [
    ...entries.filter((entry) => entry.workload === workload).map((entry): Row => {
      const { perSecond, p50, p99, cpuPerRequest } = results.of(workload, entry.target)
      return [workload.name, entry.target.name, cpuPerRequest, p50, p99, Math.round(perSecond), String(fetches.get(entry) ?? '')]
    }),
    ...cast.absent.map(({ name }): Row => [workload.name, name, 'cannot serve', null, null, null, '']),
  ])
  const sections = [
    table(['times the processor time of Aisle', ...workloads.map(({ name }) => name)], ratios),
    table(['retail operation', 'gateway', 'CPU ms/request', 'p50', 'p99', 'requests/s', 'fetches'], rows),
    ...cast.absent.map(({ name, reason }) => `${name} cannot serve this graph: ${reason}`),
    `Our own operations on the real subgraphs and Postgres, ${connections} connections; requests a second are mostly the subgraphs' own.`,
  ]
  return { table: sections.join('\n\n'), figures }
}
