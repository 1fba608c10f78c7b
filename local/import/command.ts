import type { Command } from 'commander'
import { z } from 'zod'
import { decodeConfig, postgresUrl } from '../../runtime/config.ts'
import { AisleError } from '../../runtime/errors.ts'
import { migrate } from '../../subgraphs/storage/postgres/migrate.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { csvFolder } from './folder.ts'
import { importData } from './import.ts'
import { progressPrinter, type Terminal } from './progress.ts'
import { describeReject, summaryTable, type ImportReport } from './report.ts'

const configuration = z.object({
  databaseUrl: postgresUrl,
  strict: z.boolean().default(false),
  rejects: z.string().min(1).default('rejects.csv'),
})

/** How many bad rows the terminal shows; the rejects file has all of them. */
const rejectsShown = 10

/** Adds `aisle import DIR`. */
export function registerImportCommand(program: Command): void {
  program
    .command('import')
    .description('load a folder of CSV files in the import format')
    .argument('<dir>', 'the folder, with at least products.csv or products.csv.gz')
    .option('--strict', 'stop at the first row that cannot be loaded, and load nothing')
    .option('--rejects <file>', 'where the rows that cannot be loaded are listed (default: rejects.csv)')
    .option('--database-url <url>', 'the Postgres to load into (default: DATABASE_URL)')
    .action(async (folder: string, flags: Record<string, unknown>) => {
      process.exitCode = await runImport(folder, { databaseUrl: process.env.DATABASE_URL, ...flags }, process.stderr)
    })
}

/**
 * Imports a folder and tells the story on `terminal`.
 * @returns the exit code: 1 where the import could not be done, 0 otherwise.
 */
export async function runImport(folder: string, flags: unknown, terminal: Terminal): Promise<number> {
  try {
    const { databaseUrl, strict, rejects } = decodeConfig(configuration, flags)
    const source = await csvFolder(folder)
    await using storage = openPostgres(databaseUrl, { connections: 1 })
    await migrate(storage)
    const progress = progressPrinter(terminal)
    const report = await importData(source, storage, { strict, rejects, onProgress: (step) => progress.step(step) }).finally(() => progress.clear())
    terminal.write(tell(report, rejects))
    return 0
  } catch (error) {
    if (!AisleError.is(error)) throw error
    terminal.write(`${error.message}\n${error.action}\n`)
    return 1
  }
}

function tell(report: ImportReport, rejectsFile: string): string {
  const lines = [summaryTable(report), '']
  for (const { file, remarks } of report.files) {
    for (const { text, rows } of remarks) lines.push(`${file}: ${rows.toLocaleString('en')} ${text}`)
  }
  if (report.rejected > 0) {
    lines.push(`${report.rejected.toLocaleString('en')} ROWS WERE NOT LOADED. All of them are listed in ${rejectsFile}; the first:`)
    lines.push(...report.rejects.slice(0, rejectsShown).map((reject) => `  ${describeReject(reject)}`))
  } else {
    lines.push(`Every row was loaded, in ${(report.ms / 1000).toFixed(1)} s.`)
  }
  return `${lines.join('\n')}\n`
}
