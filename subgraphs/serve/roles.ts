import type { RoleContext } from '../../runtime/role.ts'
import type { SubgraphName } from '../shared/context.ts'
import type { PostgresStorage } from '../storage/postgres/storage.ts'
import type { SubgraphConfig } from './config.ts'
import { openSubgraph, type OpenSubgraph } from './open.ts'

/** What a subgraph is opened with; what it opens itself goes onto the stack, to be closed after it stopped serving. */
export interface OpenOptions {
  readonly storage: PostgresStorage
  readonly config: SubgraphConfig
  readonly context: RoleContext
  readonly resources: AsyncDisposableStack
}

/** How each subgraph gets its services in the cloud. Each is loaded only when it is asked for. */
export const roles: Readonly<Record<SubgraphName, (options: OpenOptions) => Promise<OpenSubgraph>>> = {
  async search({ storage, config, context, resources }) {
    const [{ search }, { openSearchServices }, { createPostgresSource }] = await Promise.all([
      import('../search/index.ts'),
      import('../search/service.ts'),
      import('../log/postgres-source.ts'),
    ])
    const source = resources.use(createPostgresSource(storage))
    const services = resources.use(openSearchServices({ source, directory: config.data, log: context.log }))
    context.health.require('search index', () => services.ready())
    return openSubgraph(search, services)
  },

  async recommendation() {
    const { recommendation } = await import('../recommendation/index.ts')
    return openSubgraph(recommendation, {})
  },

  async inventory({ storage }) {
    const [{ inventory }, { createInventoryCommands }] = await Promise.all([import('../inventory/index.ts'), import('../inventory/postgres-commands.ts')])
    return openSubgraph(inventory, { commands: createInventoryCommands(storage), now: Date.now })
  },

  async device({ storage, config, context, resources }) {
    const [{ device }, { createDeviceCommands }, { watchSilence }, { watchReadingPartitions }] = await Promise.all([
      import('../device/index.ts'),
      import('../device/postgres-commands.ts'),
      import('../device/silence.ts'),
      import('../device/reading-partitions.ts'),
    ])
    resources.use(watchSilence(storage, { everyMs: 60_000, silentAfterMs: config.silentMinutes * 60_000, now: Date.now, log: context.log }))
    resources.use(watchReadingPartitions(storage, { everyMs: 3_600_000, keepMs: config.readingDays * 86_400_000, now: Date.now, log: context.log }))
    return openSubgraph(device, { commands: createDeviceCommands(storage), now: Date.now })
  },
}
