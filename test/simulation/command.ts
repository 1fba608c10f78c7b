import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Command } from 'commander'
import { z } from 'zod'
import type { Terminal } from '../../local/import/progress.ts'
import { decodeConfig } from '../../runtime/config.ts'
import { faults } from './faults.ts'
import { defaultSteps, simulate } from './run.ts'
import { shrink } from './shrink.ts'
import { addTallies, tallied, tallyOf, type Tally } from './tally.ts'
import type { SeedReport } from './worker.ts'
import { work } from './workload.ts'

const names = [...Object.keys(faults), ...Object.keys(work)]

const whole = z.coerce.number().int()

const configuration = z.object({
  seed: whole.min(0).optional(),
  seeds: whole.positive().default(100),
  from: whole.min(0).default(1),
  steps: whole.min(0).default(defaultSteps),
  jobs: whole.positive().default(availableParallelism()),
  without: z
    .string()
    .default('')
    .transform((list) => list.split(',').map((name) => name.trim()).filter((name) => name !== ''))
    .refine((list) => list.every((name) => names.includes(name)), { error: `are not all names of what may happen: ${names.join(', ')}` }),
  verbose: z.boolean().default(false),
})

/** Adds `aisle sim`. */
export function registerSimCommand(program: Command): void {
  program
    .command('sim')
    .description('run cloud, sequencer, nodes, screens, links, clocks and disks in one process on virtual time, let everything go wrong, and check what must never happen')
    .option('--seed <number>', 'run this seed alone; where it fails, find the least that still does')
    .option('--seeds <count>', 'how many seeds to run', '100')
    .option('--from <number>', 'the first of them', '1')
    .option('--steps <count>', 'how many things people do, or go wrong, before everything is mended', String(defaultSteps))
    .option('--jobs <count>', 'seeds to run at the same time (default: one a core)')
    .option('--without <names>', 'what shall not happen, separated by commas')
    .option('--verbose', 'with --seed: tell everything that happens, each line after its virtual second; in both cases how often each fault struck')
    .addHelpText('after', `
A run depends on nothing but its seed, its steps and what it leaves out: who has seen it fail can see it again. The invariants, by their
numbers, are in edge-cache/SPEC.md.

What may happen: ${names.join(', ')}

Examples:
  npm run aisle -- sim --seeds 2000
  npm run aisle -- sim --seed 7 --verbose`)
    .action(async (flags: Record<string, unknown>) => {
      if (!(await runSim(flags, process.stdout, process.stderr))) process.exitCode = 1
    })
}

/**
 * Runs what is asked for, tells progress on `terminal` and the result on `out`.
 * @returns whether nothing was violated.
 * @throws AisleError CONFIG_INVALID
 */
export async function runSim(flags: unknown, out: Pick<Terminal, 'write'>, terminal: Terminal): Promise<boolean> {
  const { seed, seeds, from, steps, jobs, without, verbose } = decodeConfig(configuration, flags)
  if (seed !== undefined) return runOne(seed, steps, new Set(without), verbose, out)
  const failed: SeedReport[] = []
  const sums = { seconds: 0, writes: 0, batches: 0, runs: 0 }
  let tally = tallyOf(new Map())
  const traces = new Map<number, string>()
  const began = performance.now()
  await runMany({ first: from, count: seeds, steps, without, jobs: Math.min(jobs, seeds) }, (report) => {
    sums.runs += 1
    sums.seconds += report.seconds
    sums.writes += report.writes
    sums.batches += report.batches
    tally = addTallies(tally, report.tally)
    traces.set(report.seed, report.trace)
    if (terminal.isTTY === true) terminal.write(`\r\u001B[K${sums.runs} of ${seeds} seeds, ${failed.length} violated`)
    else if (sums.runs % 50 === 0) terminal.write(`${sums.runs} of ${seeds} seeds, ${failed.length} violated\n`)
    if (report.fault === null) return
    failed.push(report)
    out.write(`${terminal.isTTY === true ? '\n' : ''}${failureText(report.seed, report.fault, steps, without)}`)
  })
  if (terminal.isTTY === true) terminal.write('\r\u001B[K')
  const days = (sums.seconds / 86_400).toFixed(0)
  const took = ((performance.now() - began) / 1000).toFixed(0)
  out.write(`${sums.runs} seeds, ${sums.writes.toLocaleString('en')} writes, ${sums.batches.toLocaleString('en')} batches, ${days} days of virtual time in ${took} s: ${failed.length === 0 ? 'nothing was violated' : `${failed.length} violated`}\n`)
  out.write(`traces ${digestOf(traces)}; ${summaryOf(tally)}\n`)
  if (verbose) out.write(tableOf(tally))
  return failed.length === 0
}

/** What went wrong with a seed, and how to see it again. */
export function failureText(seed: number, fault: string, steps: number, without: readonly string[]): string {
  return `seed ${seed}: ${fault}\n  ${replayOf(seed, steps, without)}\n`
}

function replayOf(seed: number, steps: number, without: readonly string[]): string {
  return `npm run aisle -- sim --seed ${seed}${steps === defaultSteps ? '' : ` --steps ${steps}`}${without.length === 0 ? '' : ` --without '${without.join(',')}'`}`
}

async function runOne(seed: number, steps: number, without: ReadonlySet<string>, verbose: boolean, out: Pick<Terminal, 'write'>): Promise<boolean> {
  const result = await simulate({ seed, steps, without, ...(verbose ? { note: (text: string) => void out.write(`${text}\n`) } : {}) })
  if (verbose) out.write(tableOf(result.tally))
  if (result.violation === null) {
    out.write(`seed ${seed}: ${result.happened.length} steps, ${result.seconds} s of virtual time, ${result.writes} writes, ${result.batches} batches; nothing was violated (trace ${result.trace})\n`)
    return true
  }
  out.write(`seed ${seed}, step ${result.step}: ${result.violation.message}\n`)
  const least = await shrink(result, { steps, without })
  const left = [...new Set(least.result.happened)]
  out.write(`${least.steps} steps still show it, with nothing but: ${left.join(', ')}\n  ${least.result.violation?.message ?? ''}\n`)
  out.write(`  ${replayOf(seed, least.steps, [...least.without])} --verbose\n`)
  return false
}

/** The traces of all seeds as one: equal for equal runs, however many ran at a time. */
function digestOf(traces: ReadonlyMap<number, string>): string {
  const lines = [...traces].toSorted(([a], [b]) => a - b).map(([seed, trace]) => `${seed} ${trace}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16)
}

function summaryOf(tally: Tally): string {
  const never = tallied.filter((name) => tally[name] === 0)
  const happened = `${tallied.length - never.length} of ${tallied.length} things that can happen did`
  return never.length === 0 ? happened : `${happened}, never: ${never.join(', ')}`
}

/** A line each, with how often it happened before it. */
function tableOf(tally: Tally): string {
  return Object.entries(tally).map(([name, times]) => `${times.toLocaleString('en').padStart(9)}  ${name}\n`).join('')
}

interface Many {
  readonly first: number
  readonly count: number
  readonly steps: number
  readonly without: readonly string[]
  readonly jobs: number
}

async function runMany({ first, count, steps, without, jobs }: Many, onReport: (report: SeedReport) => void): Promise<void> {
  let next = first
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { steps, without } })
      const ended = Promise.withResolvers<void>()
      const give = (): void => {
        worker.postMessage(next < first + count ? next : null, [])
        next += 1
      }
      worker.on('message', (report: SeedReport) => {
        onReport(report)
        give()
      })
      worker.on('error', ended.reject)
      worker.once('exit', () => ended.resolve())
      give()
      await ended.promise
    }),
  )
}
