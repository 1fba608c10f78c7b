import type { LogEvent } from 'kysely'
import { AisleError } from '../../runtime/errors.ts'
import type { RoleContext, RunningRole } from '../../runtime/role.ts'
import { openChangeFeed } from '../log/feed.ts'
import type { SubgraphName } from '../shared/context.ts'
import { openReadRouter } from '../storage/postgres/read-router.ts'
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
  const { connections, readDatabaseUrl, readLag: maxLagMs, statementTimeout: statementTimeoutMs } = config
  const onStatement = (event: LogEvent): void => figures.statement(event)
  const storage = resources.use(openPostgres(config.databaseUrl, { connections, statementTimeoutMs, onStatement }))
  const reads = readDatabaseUrl === undefined ? null : resources.use(openReadRouter(storage, readDatabaseUrl, { connections, statementTimeoutMs, maxLagMs, onStatement, log: context.log }))
  if (reads !== null) figures.replicated(() => reads.replicated)
  const changes = resources.use(
    await openChangeFeed(storage, context.log).catch((error: unknown) => {
      throw AisleError.is(error) ? error : new AisleError('DATABASE_UNAVAILABLE', undefined, { cause: error })
    }),
  )
  const subgraph = await roles[name]({ storage, config, context, resources })
  const { port, host } = config
  const served = resources.use(await serveSubgraph({ subgraph, storage, changes, port, figures, authenticate, patience: config, ...(reads === null ? {} : { reads }), ...(host === undefined ? {} : { host }) }, context))
  const kept = resources.move()
  return { url: served.url, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
