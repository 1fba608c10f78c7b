import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Argument, type Command } from 'commander'
import { z } from 'zod'
import { decodeConfig } from '../../runtime/config.ts'
import { inParts, type Part } from './parts.ts'

/** What one benchmark gives: a table to read, ratios first, and figures by their stable names. */
export interface BenchmarkReport {
  readonly table: string
  readonly figures: Readonly<Record<string, number>>
}

/** How a benchmark is asked for. */
export interface BenchmarkOptions {
  /** A short run, to see that everything works; its figures mean little. */
  readonly quick: boolean
  /** Says what is being done. */
  readonly say: (text: string) => void
}

/** A benchmark is one piece, or parts that can be asked for by name. */
type Benchmark = { readonly run: (options: BenchmarkOptions) => Promise<BenchmarkReport> } | { readonly parts: Readonly<Record<string, Part>> }

/** Each is loaded only when it is asked for. */
const benchmarks: Record<string, () => Promise<Benchmark>> = {
  gateway: () => import('./gateway/run.ts'),
  'gateway-extra': () => import('./gateway/extra.ts'),
  edge: () => import('./edge/run.ts'),
  log: () => import('./log/index.ts'),
  capacity: () => import('./capacity/run.ts'),
}

/** npm runs us in the project's folder: a path is meant from where the user typed it. */
const userPath = z.string().min(1).transform((path) => resolve(process.env.INIT_CWD ?? process.cwd(), path))
const configuration = z.object({ name: z.string(), json: userPath.optional(), quick: z.boolean().default(false), only: z.array(z.string()).default([]) })

/** Adds `aisle bench NAME`. */
export function registerBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('measure side by side, in one run')
    .addArgument(new Argument('<name>', 'what to measure').choices(Object.keys(benchmarks)))
    .option('--json <file>', 'also write the figures as {"figures": {"<name>": number}}')
    .option('--quick', 'a short run that only shows that everything works')
    .option('--only <part...>', 'just these parts of it: market, retail (gateway); variables, features, connections, memory (gateway-extra)')
    .addHelpText('after', `
gateway: beside other gateways, which it installs when it first runs, and beside what none can beat; about seven minutes.
gateway-extra: what each feature costs, requests that differ each time, memory after very many; about nine minutes.
capacity: what each operation costs each process, by which pods are sized; about two minutes.`)
    .action(async (name: string, flags: Record<string, unknown>) => {
      const { json, quick, only } = decodeConfig(configuration, { ...flags, name })
      const benchmark = await (benchmarks[name] as (typeof benchmarks)[string])()
      const parts = 'parts' in benchmark ? benchmark.parts : { [name]: benchmark.run }
      const { table, figures } = await inParts(parts, only, { quick, say: (text) => void process.stderr.write(`${text}\n`) })
      process.stdout.write(`${table}\n`)
      if (json !== undefined) await writeFile(json, `${JSON.stringify({ figures }, null, 2)}\n`)
    })
}
