import { z } from 'zod'
import { contextSettings } from '../../runtime/identity/context.ts'
import { port, postgresUrl } from '../../runtime/config.ts'
import type { SubgraphName } from '../shared/context.ts'

/** Where each subgraph listens unless told otherwise. */
export const defaultPorts: Readonly<Record<SubgraphName, number>> = { search: 4001, recommendation: 4002, inventory: 4003, device: 4004 }

/** The settings of one subgraph process. */
export const subgraphConfigSchema = z.object({
  ...contextSettings,
  /** Refuses to start without the secret that gateways share. */
  production: z.stringbool().or(z.boolean()).optional(),
  port,
  host: z.string().optional(),
  databaseUrl: postgresUrl,
  /** Folder for what the subgraph derives and can derive again (the search index). */
  data: z.string().min(1),
  /** Most connections to Postgres. */
  connections: z.coerce.number().int().min(2).max(200).default(10),
  /** Minutes without a word after which a device counts as silent. */
  silentMinutes: z.coerce.number().positive().default(15),
})

export type SubgraphConfig = z.output<typeof subgraphConfigSchema>
