import { Option, type Command } from 'commander'
import { z } from 'zod'
import { decodeConfig, postgresUrl } from '../../../runtime/config.ts'

/** `aisle migrate`. */
export function registerMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database to the newest schema; does nothing when it is there already')
    .addOption(new Option('--database-url <url>', 'the Postgres to migrate').env('DATABASE_URL'))
    .action(async (options: unknown) => {
      const { databaseUrl } = decodeConfig(z.object({ databaseUrl: postgresUrl }), options)
      const [{ migrate }, { openPostgres }] = await Promise.all([import('./migrate.ts'), import('./storage.ts')])
      await using storage = openPostgres(databaseUrl, { connections: 2 })
      const done = await migrate(storage)
      process.stdout.write(done.length === 0 ? 'The schema is the newest already.\n' : `Migrated: ${done.join(', ')}\n`)
    })
}
