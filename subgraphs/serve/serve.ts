import { createServer } from 'node:http'
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled'
import { sql } from 'kysely'
import type { Caller } from '../../runtime/identity/caller.ts'
import { defaultPatience, type Patience, serverOptions } from '../../runtime/http/patience.ts'
import type { RoleContext, RunningRole } from '../../runtime/role.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import type { ChangeFeed } from '../shared/changes.ts'
import { contextMaker, type BaseContext, type RequestEnvironment } from '../shared/context.ts'
import type { Storage } from '../storage/storage.ts'
import { formatFault } from './faults.ts'
import { requestListener } from './http.ts'
import { subgraphMetrics, type SubgraphMetrics } from './metrics.ts'
import type { OpenSubgraph } from './open.ts'
import { type Authenticate, believeEverybody } from './principal.ts'
import { loadSubgraphSchema } from './schema.ts'
import { serveSocket } from './socket.ts'

/** What is served, and where. */
export interface ServeOptions {
  readonly subgraph: OpenSubgraph
  readonly storage: Storage
  /** Where requests read that may be answered a moment behind; the storage itself without. */
  readonly reads?: { readonly storage: Storage }
  readonly changes: ChangeFeed
  readonly port: number
  readonly host?: string
  /** The figures already made for the storage; made here without them. */
  readonly figures?: SubgraphMetrics
  /** How patient it is with slow clients. */
  readonly patience?: Patience
  /** Who sent a request; without it, whoever it says. */
  readonly authenticate?: Authenticate
}

/**
 * Serves one subgraph at `/graphql`: Apollo Server over HTTP, graphql-ws on the same path. What it was given stays the
 * caller's to close; the URL of the role is without the path.
 */
export async function serveSubgraph({ subgraph, storage, reads = { storage }, changes, port, host, figures, patience = defaultPatience, authenticate = believeEverybody }: ServeOptions, context: RoleContext): Promise<RunningRole> {
  const { log, health } = context
  const measure = figures ?? subgraphMetrics(context.metrics)
  const schema = await loadSubgraphSchema(subgraph.name, subgraph.resolvers)
  const makeContext = contextMaker<RequestEnvironment, Record<string, unknown>>({ [subgraph.name]: (environment) => subgraph.createPart(environment) })
  const contextOf = (caller: Caller, mayBeBehind: boolean): BaseContext => {
    const environment: RequestEnvironment = { storage: mayBeBehind ? reads.storage : storage, changes, principal: caller.subject, caller, holdsStore: () => true, readingsSince: null }
    return makeContext(environment)
  }
  const apollo = new ApolloServer<BaseContext>({
    schema,
    introspection: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    // Nobody asks for cache hints, and they would be made for every field.
    plugins: [ApolloServerPluginLandingPageDisabled(), ApolloServerPluginCacheControlDisabled()],
    logger: { debug: (text) => log.debug(text), info: (text) => log.debug(text), warn: (text) => log.warn(text), error: (text) => log.error(text) },
    formatError: (formatted, error) => formatFault(formatted, error, log),
  })
  await apollo.start()
  health.require('database', async () => {
    await sql`select 1`.execute(storage.db)
    return null
  })
  const server = createServer(serverOptions(patience), requestListener(apollo, authenticate, contextOf, context))
  server.maxRequestsPerSocket = patience.maxRequestsPerConnection
  const socket = serveSocket(server, {
    schema,
    authenticate,
    // An event tells of what has just changed, so that it is never read from a replica.
    contextOf: (caller) => contextOf(caller, false),
    formatError: (formatted, error) => formatFault(formatted, error, log),
    observe: measure.subscription,
    tracing: context.tracing,
  })
  const taken = await listen(server, port, host)
  return {
    url: `http://${host ?? 'localhost'}:${taken}`,
    async [Symbol.asyncDispose]() {
      health.drain()
      await Promise.all([closeServer(server), socket[Symbol.asyncDispose]()])
      await apollo.stop()
    },
  }
}
