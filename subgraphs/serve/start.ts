import { AisleError } from '../../runtime/errors.ts'
import type { RoleContext, RunningRole } from '../../runtime/role.ts'
import { openChangeFeed } from '../log/feed.ts'
import type { SubgraphName } from '../shared/context.ts'
import { openPostgres } from '../storage/postgres/storage.ts'
import type { SubgraphConfig } from './config.ts'
import { subgraphMetrics } from './metrics.ts'
import { createAuthenticate } from './principal.ts'
import { roles } from './roles.ts'
import { serveSubgraph } from './serve.ts'

/**
 * Starts one subgraph over Postgres and its log.
 * @throws AisleError DATABASE_UNAVAILABLE, PORT_IN_USE, CONFIG_INVALID
 */
export async function startSubgraph(name: SubgraphName, config: SubgraphConfig, context: RoleContext): Promise<RunningRole> {
  await using resources = new AsyncDisposableStack()
  const authenticate = await createAuthenticate(config, context.log)
  const figures = subgraphMetrics(context.metrics)
  const storage = resources.use(openPostgres(config.databaseUrl, { connections: config.connections, onStatement: (event) => figures.statement(event) }))
  const changes = resources.use(
    await openChangeFeed(storage, context.log).catch((error: unknown) => {
      throw AisleError.is(error) ? error : new AisleError('DATABASE_UNAVAILABLE', undefined, { cause: error })
    }),
  )
  const subgraph = await roles[name]({ storage, config, context, resources })
  const { port, host } = config
  const served = resources.use(await serveSubgraph({ subgraph, storage, changes, port, figures, authenticate, ...(host === undefined ? {} : { host }) }, context))
  const kept = resources.move()
  return { url: served.url, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
