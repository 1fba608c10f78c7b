import { Option, type Command } from 'commander'
import { z } from 'zod'
import { decodeConfig, postgresUrl } from '../../runtime/config.ts'

const instant = z.union([z.iso.datetime({ offset: true }), z.iso.date()], { error: 'write a time such as 2026-01-31 or 2026-01-31T08:00:00Z' }).transform((text) => Date.parse(text))

const auditConfig = z.object({
  databaseUrl: postgresUrl,
  since: instant.optional(),
  until: instant.optional(),
  principal: z.string().optional(),
  store: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100_000).default(100),
})

const dayMs = 86_400_000

/** `aisle audit`. */
export function registerAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('list the writes of staff, newest first: one JSON value a line')
    .addOption(new Option('--database-url <url>', 'the Postgres that holds the chain').env('DATABASE_URL'))
    .addOption(new Option('--since <time>', 'from then on (default: a day ago)'))
    .addOption(new Option('--until <time>', 'until then'))
    .addOption(new Option('--principal <subject>', 'only what this one did'))
    .addOption(new Option('--store <id>', 'only what concerns this store'))
    .addOption(new Option('--limit <number>', 'most lines').default('100'))
    .action(async (options: unknown) => {
      const { databaseUrl, since, until, principal, store, limit } = decodeConfig(auditConfig, options)
      const [{ readAudit }, { openPostgres }] = await Promise.all([import('./read.ts'), import('../storage/postgres/storage.ts')])
      await using storage = openPostgres(databaseUrl, { connections: 1 })
      for (const entry of await readAudit(storage, { since: since ?? Date.now() - dayMs, until, principal, storeId: store, limit })) {
        const { at, said_at, subjects, ...rest } = entry
        process.stdout.write(`${JSON.stringify({ at: new Date(at).toISOString(), saidAt: new Date(said_at).toISOString(), ...rest, subjects: JSON.parse(subjects) as unknown })}\n`)
      }
    })
}
