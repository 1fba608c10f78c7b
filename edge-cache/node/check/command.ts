import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { decodeConfig, httpUrl } from '../../../runtime/config.ts'
import { AisleError } from '../../../runtime/errors.ts'

const defaultManifest = fileURLToPath(new URL('../../../schema/manifest.json', import.meta.url))

const checkConfigSchema = z.object({
  store: z.string().min(1),
  data: z.string().min(1).optional(),
  origin: httpUrl,
  manifest: z.string().min(1),
  runs: z.coerce.number().int().min(1).max(10_000),
  budget: z.coerce.number().positive().optional(),
  largeTable: z.coerce.number().int().positive(),
  wait: z.coerce.number().positive(),
  json: z.string().min(1).optional(),
})

/** Adds `aisle operations check` to `aisle operations`. */
export function registerOperationsCheck(program: Command): void {
  program.commands.find((command) => command.name() === 'operations')
    ?.command('check')
    .description('prove, before a manifest is published, that a store\'s node can answer each of its operations offline: runs them over the store\'s real data with the dearest variables it offers')
    .addOption(new Option('--store <id>', 'the store to prove it for').env('AISLE_STORE').makeOptionMandatory())
    .addOption(new Option('--data <directory>', 'a node\'s directory, whose replica.db is only read (the node may be running); without it a fresh copy is pulled'))
    .addOption(new Option('--origin <url>', 'where a fresh copy comes from').env('AISLE_ORIGIN').default('http://localhost:4010'))
    .addOption(new Option('--manifest <file>', 'the operations, in Apollo\'s format').env('AISLE_MANIFEST').default(defaultManifest, 'the committed one'))
    .addOption(new Option('--runs <number>', 'executions of each operation\'s worst case').default('20'))
    .addOption(new Option('--budget <milliseconds>', 'fail when the worst case of an operation takes longer'))
    .addOption(new Option('--large-table <rows>', 'name a table that is gone through from end to end, from so many rows on').default('10000'))
    .addOption(new Option('--wait <seconds>', 'longest wait for a fresh copy').default('300'))
    .addOption(new Option('--json <file>', 'write the report there too'))
    .addHelpText('after', `
Ends with 1 when an operation, or a part of one that is not marked @cloudOnly, cannot be answered offline, or the budget is exceeded.
"unproven": the store has nothing to try it with (no device, say). Writes and subscriptions are checked against the schema, not run.

  aisle operations check --store antwerp                                a fresh copy from a running origin
  aisle operations check --store antwerp --data /var/lib/aisle --budget 50`)
    .action(async (options: unknown) => {
      const { store, data, origin, manifest, runs, budget, largeTable, wait, json } = decodeConfig(checkConfigSchema, options)
      const [{ openCopy, pullCopy }, { checkOperations }, { reportText }] = await Promise.all([import('./copy.ts'), import('./check.ts'), import('./report.ts')])
      const say = process.stderr.isTTY ? (text: string): void => void process.stderr.write(`\r\u001b[K${text}`) : (): void => {}
      using copy = data === undefined ? await pullCopy(origin, store, wait * 1000, (ms) => say(`copying store ${store} from ${origin}: ${Math.round(ms / 1000)} s`)) : openCopy(data, store)
      const report = await checkOperations({
        copy, manifest, runs, largeTable,
        ...(budget === undefined ? {} : { budgetMs: budget }),
        onProgress: (done, total, name) => say(`${done + 1} of ${total}: ${name}`),
      })
      say('')
      process.stdout.write(reportText(report))
      if (json !== undefined) {
        await writeFile(json, `${JSON.stringify(report, null, 2)}\n`).catch((error: unknown) => {
          throw new AisleError('CONFIG_INVALID', `The report cannot be written to ${json}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
        })
      }
      if (report.problems.length > 0) process.exitCode = 1
    })
}
