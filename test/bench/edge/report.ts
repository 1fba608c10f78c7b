import type { BenchmarkReport } from '../command.ts'
import { table, type Row } from '../gateway/table.ts'
import type { Sample } from './target.ts'

/** One round: each target under the same load, one right after the other. */
export interface Round {
  readonly bare: Sample
  readonly node: Sample
  readonly mercurius: Sample | null
}

export interface Measured {
  /** Of one answer. */
  readonly bytes: number
  /** Of the first copy, and of the start after the node was killed, from the first instruction to the first answer. */
  readonly details: Readonly<Record<string, number>>
  readonly miss: Round[]
  readonly hot: Round[]
  /** As many keys as are kept, all of them ready. */
  readonly warm: Round[]
  /** Resident MB of the node: before it was asked, after all was, and at most. */
  memory: { readonly start: number | null; readonly end: number | null; readonly peak: number | null }
}

/** Ratios are medians over the rounds, each of two neighbours in one round. */
export function report({ bytes, details, miss, hot, warm, memory }: Measured): BenchmarkReport {
  const cpu = ({ node, bare }: Round): number => node.cpu / bare.cpu
  const perSecond = ({ node, mercurius }: Round): number => node.perSecond / (mercurius?.perSecond ?? Number.NaN)
  const figures = {
    'hot.cpu_vs_static': median(hot.map(cpu)),
    'miss.cpu_vs_static': median(miss.map(cpu)),
    'hot.rps_vs_mercurius': median(hot.map(perSecond)),
    'miss.rps_vs_mercurius': median(miss.map(perSecond)),
    'warm.cpu_vs_static': median(warm.map(cpu)),
    'bootstrap.seconds': details.bootstrapSeconds ?? Number.NaN,
    'restart.seconds': details.restartSeconds ?? Number.NaN,
    'replica.megabytes': (details.fileBytes ?? Number.NaN) / 1024 ** 2,
    'memory.start_megabytes': memory.start ?? Number.NaN,
    'memory.megabytes': memory.end ?? Number.NaN,
    'memory.peak_megabytes': memory.peak ?? Number.NaN,
  }
  const rows: Row[] = [...rowsOf('500 hot keys', hot), ...rowsOf('each key once', miss), ...rowsOf('many keys, ready', warm)]
  const text = [
    `One answer: ${bytes} bytes.`,
    table(['figure', 'value'], Object.entries(figures)),
    '',
    table(['asked', 'target', 'CPU of node:http', 'CPU us/request', 'requests/s', 'p50 ms', 'p99 ms'], rows),
  ].join('\n')
  return { table: text, figures: Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value))) }
}

function rowsOf(asked: string, rounds: readonly Round[]): Row[] {
  const of = (name: 'bare' | 'node' | 'mercurius'): Row[] => {
    const samples = rounds.flatMap((round) => {
      const sample = round[name]
      return sample === null ? [] : [{ sample, ratio: sample.cpu / round.bare.cpu }]
    })
    if (samples.length === 0) return []
    const figure = (pick: (sample: Sample) => number): number => median(samples.map(({ sample }) => pick(sample)))
    return [[asked, name === 'bare' ? 'node:http' : name, median(samples.map(({ ratio }) => ratio)), figure((s) => s.cpu), figure((s) => s.perSecond), figure((s) => s.p50), figure((s) => s.p99)]]
  }
  return [...of('bare'), ...of('node'), ...of('mercurius')]
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}
