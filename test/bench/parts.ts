import { AisleError } from '../../runtime/errors.ts'
import type { BenchmarkOptions, BenchmarkReport } from './command.ts'
import { stopOnSignal } from './gateway/stop-on-signal.ts'

/** A part of a benchmark. It puts what it starts onto the stack, which ends with the part, or with a signal. */
export type Part = (options: BenchmarkOptions, stack: AsyncDisposableStack) => Promise<BenchmarkReport>

/**
 * Runs the parts that are asked for, one after the other, each with the machine to itself.
 * @param only names of parts; all of them where there are none
 * @throws AisleError CONFIG_INVALID when there is no such part
 */
export async function inParts(parts: Readonly<Record<string, Part>>, only: readonly string[], options: BenchmarkOptions): Promise<BenchmarkReport> {
  const unknown = only.filter((name) => !(name in parts))
  if (unknown.length > 0) throw new AisleError('CONFIG_INVALID', `There is no part ${unknown.join(', ')}: the parts are ${Object.keys(parts).join(', ')}.`)
  const reports: BenchmarkReport[] = []
  for (const [name, part] of Object.entries(parts)) {
    if (only.length > 0 && !only.includes(name)) continue
    await using stack = new AsyncDisposableStack()
    using _signals = stopOnSignal(stack)
    reports.push(await part(options, stack))
  }
  return { table: reports.map(({ table }) => table).join('\n\n'), figures: Object.assign({}, ...reports.map(({ figures }) => figures)) as BenchmarkReport['figures'] }
}
