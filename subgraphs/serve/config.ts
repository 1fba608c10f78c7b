import { z } from 'zod'
import { contextSettings } from '../../runtime/identity/context.ts'
import { port, postgresUrl } from '../../runtime/config.ts'
import { patienceSettings } from '../../runtime/http/patience.ts'
import type { SubgraphName } from '../shared/context.ts'

/** Where each subgraph listens unless told otherwise. */
export const defaultPorts: Readonly<Record<SubgraphName, number>> = { search: 4001, recommendation: 4002, inventory: 4003, device: 4004 }

/** The settings of one subgraph process. */
export const subgraphConfigSchema = z.object({
  ...contextSettings,
  ...patienceSettings,
  /** Refuses to start without the secret that gateways share. */
  production: z.stringbool().or(z.boolean()).optional(),
  port,
  host: z.string().optional(),
  databaseUrl: postgresUrl,
  /** A read replica of it: answers what only reads while it keeps up. */
  readDatabaseUrl: postgresUrl.optional(),
  /** Most milliseconds that the replica may be behind. */
  readLag: z.coerce.number().int().min(50).max(600_000).default(1_000),
  /** Most milliseconds that one statement of a request may take. */
  statementTimeout: z.coerce.number().int().min(10).max(600_000).default(10_000),
  /** Folder for what the subgraph derives and can derive again (the search index). */
  data: z.string().min(1),
  /** Most connections to Postgres. */
  connections: z.coerce.number().int().min(2).max(200).default(10),
  /** Minutes without a word after which a device counts as silent. */
  silentMinutes: z.coerce.number().positive().default(15),
  /** Days that readings are kept; a month is dropped once all of it is older. */
  readingDays: z.coerce.number().int().min(8).max(36_500).default(400),
})

export type SubgraphConfig = z.output<typeof subgraphConfigSchema>
