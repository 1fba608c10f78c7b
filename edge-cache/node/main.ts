import { join } from 'node:path'
import fastify, { type FastifyReply } from 'fastify'
import { createIdentity } from '../../runtime/identity/identity.ts'
import { readPolicies } from '../../runtime/identity/policies.ts'
import { AisleError } from '../../runtime/errors.ts'
import { writeCompiledCode } from '../../runtime/compiled-code.ts'
import { graphqlJson } from '../../runtime/graphql/media.ts'
import type { RoleContext, RunningRole } from '../../runtime/role.ts'
import { operationalAnswer } from '../../runtime/health.ts'
import { observeRequests, withoutSchemas } from '../../runtime/http/fastify.ts'
import { fastifyOptions } from '../../runtime/http/patience.ts'
import { bodyFault, readBodiesAsText } from '../../runtime/graphql/body.ts'
import { guardOrigins } from '../../runtime/graphql/origins.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { compilingEngine } from './compile/engine.ts'
import { Answers } from './cache/answers.ts'
import { ByteCache } from './cache/byte-cache.ts'
import { recipesOf } from './cache/key.ts'
import { registerCacheMetrics } from './cache/metrics.ts'
import { Warmth } from './cache/warm.ts'
import type { EdgeConfig } from './config.ts'
import type { NodeData } from './data.ts'
import { createNodeGraph } from './graph.ts'
import { openPassThrough } from './pass-through/open.ts'
import { nodeCallers } from './serve/caller.ts'
import { registerDisplay } from './serve/display.ts'
import { overNetwork } from './network.ts'
import { NodeKey } from './node-key.ts'
import { loadOperations } from './serve/documents.ts'
import { createExecutor } from './serve/execute.ts'
import { handOverBodies, takeFastLane } from './serve/fast-lane.ts'
import { currentFreshness } from './serve/freshness.ts'
import { createHttpHandler, send } from './serve/http.ts'
import { MercuriusEngine } from './serve/mercurius.ts'
import { createResponder } from './serve/responder.ts'
import { serveSocket } from './serve/socket.ts'
import { watchExecutor } from './serve/watched.ts'
import { nodeStates } from './state.ts'

const path = '/graphql'

/** How long the issuer's last keys count in a store that is cut off, in milliseconds. */
const keysStaleMs = 30 * 24 * 60 * 60_000

/** How long after it began to serve a node turns to origin, and loads what few ask for, in milliseconds. */
const linkAfterMs = 200
const settleMs = 2_000

/** What a node's data is told, and tells, while the node starts. */
export interface OpenHooks {
  /** Resolves when the node serves. Nothing is asked of origin before: whoever starts after a fault owes its first answers to the store. */
  readonly serving: Promise<void>
  /** What keeps the first copy from arriving. */
  readonly onFault: (error: unknown) => void
}

/** Opens a node's data, and leaves on the stack what must be closed with it; tests give their own. */
export type OpenData = (config: EdgeConfig, context: RoleContext, stack: AsyncDisposableStack, hooks: OpenHooks) => Promise<NodeData>

/**
 * Starts a store's node. It listens as soon as its data is open, with or without a link to origin.
 * @throws AisleError PORT_IN_USE, CONFIG_INVALID
 */
export async function startEdge(config: EdgeConfig, context: RoleContext, openData: OpenData = openStoreData): Promise<RunningRole> {
  const { log, health, metrics } = context
  await using stack = new AsyncDisposableStack()
  const identity = createIdentity(config, { log, keysFile: join(config.data, 'issuer-keys.json'), staleMs: keysStaleMs })
  const grant = await readPolicies(config.policies)
  const serving = Promise.withResolvers<void>()
  let fault: unknown = null
  const onFault = (error: unknown): void => {
    fault = error
  }
  const data = await openData(config, context, stack, { serving: serving.promise, onFault })
  // Whoever waits for it while the start fails is let go before the data closes.
  stack.defer(() => serving.resolve())
  const callers = nodeCallers(identity, () => data.status().online, config.tokenGrace ?? 0)
  const { schema, contextFor } = await createNodeGraph(data, grant)
  const operations = await loadOperations(config.manifest, schema)

  const app = fastify({ schemaController: withoutSchemas, bodyLimit: config.bodyLimit, forceCloseConnections: 'idle', ...fastifyOptions(config) })
  stack.defer(() => app.close())
  const figures = observeRequests(app, context)
  const mercurius = stack.use(new MercuriusEngine(schema))
  const engine = compilingEngine(schema, mercurius.execute)
  const executor = watchExecutor(createExecutor({ data, schema, engine, contextFor, log }), context)
  const cache = new ByteCache(data.moves, config.cacheBytes)
  registerCacheMetrics(metrics, cache)
  const answers = new Answers({ cache, moves: data.moves, executor, manifestVersion: operations.version })
  const passThrough = openPassThrough(config, context, { data, schema, contextFor })
  const responder = createResponder({ operations, answers, passThrough, status: () => data.status(), log })
  readBodiesAsText(app)
  handOverBodies(app)
  await guardOrigins(app, path, config.allowOrigin)
  app.setErrorHandler((error, _request, reply) => send(reply, responder.fail(bodyFault(error))))
  app.route({ method: ['GET', 'POST'], url: path, handler: createHttpHandler(responder, callers) })
  const refuseMethod = async (_request: unknown, reply: FastifyReply): Promise<FastifyReply> => send(reply, responder.fail(new AisleError('METHOD_NOT_ALLOWED'), graphqlJson, 'GET, POST'))
  // Before anything is asked of the request: QUERY may not come without a type of its content.
  app.route({ method: app.supportedMethods.filter((method) => !['GET', 'HEAD', 'POST'].includes(method)), url: path, onRequest: refuseMethod, handler: refuseMethod })
  for (const url of ['/health/live', '/health/ready', '/metrics']) {
    app.get(url, async (_request, reply) => {
      const answer = await operationalAnswer(url, health, metrics)
      if (answer === null) return reply.callNotFound()
      return reply.code(answer.status).headers({ 'content-type': answer.contentType, 'cache-control': 'no-store' }).send(answer.body)
    })
  }
  await registerDisplay(app, data.storeId, operations, log)
  await app.ready()
  takeFastLane(app, { path, bodyLimit: config.bodyLimit, operations, responder, callers, figures, tracing: context.tracing })
  stack.use(
    new Warmth({
      file: join(config.data, 'asked.json'),
      recipes: (most) => recipesOf(cache.keys(), (id) => operations.byId.get(id)?.variableNames, most),
      async make({ operationId, variables }) {
        const operation = operations.byId.get(operationId)
        if (operation?.type === 'query') await answers.answer({ operation, variables, caller: callers.everyone, alias: null })
      },
      ready: () => data.status().position !== null,
      log,
    }),
  )

  health.require('copy', () => (nodeStates[data.status().state].serves ? null : `the first copy of the data has not arrived yet${fault === null ? '' : `: ${textOf(fault)}`}`))
  const socket = serveSocket(app.server, path, { operations, executor, schema, callers, maxOperations: config.clientOperations, edge: () => currentFreshness(data.status()), log })
  const port = await listen(app.server, config.port, config.host)
  stack.defer(() => closeServer(app.server))
  stack.use(socket)
  // Without a copy it has nobody to serve.
  stack.use(later(data.status().position === null ? 0 : linkAfterMs, () => serving.resolve()))
  stack.use(later(settleMs, () => mercurius.prepare().then(writeCompiledCode, (error: unknown) => log.error({ err: error }, 'mercurius cannot be loaded'))))
  const resources = stack.move()
  return { url: `http://localhost:${port}`, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

/** Who asks first after a restart shall not wait for what is needed later. */
function later(ms: number, work: () => unknown): Disposable {
  const timer = setTimeout(work, ms)
  timer.unref()
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}

const textOf = (error: unknown): string => (AisleError.is(error) ? `${error.message.replace(/\.$/, '')}. ${error.action}` : 'it failed here, see the log')

async function openStoreData(config: EdgeConfig, { log, metrics, tracing }: RoleContext, stack: AsyncDisposableStack, { serving, onFault }: OpenHooks): Promise<NodeData> {
  const [{ openNodeData }, { diskSizeOf }, { searchIndexExtension }] = await Promise.all([import('./data/index.ts'), import('./data/room.ts'), import('../../subgraphs/search/index/extension.ts')])
  const key = await NodeKey.open(config.data, config.store, config.enrol !== undefined)
  if (key !== null) log.info({ nodeId: key.nodeId, enrolled: key.enrolled }, 'this node has a key of its own')
  const enrolment = { key, ...(config.enrol === undefined ? {} : { enrolCode: config.enrol }) }
  try {
    return stack.use(await openNodeData({ ...enrolment, storeId: config.store, directory: config.data, diskSize: diskSizeOf(config.data), origin: config.origin, transport: overNetwork({ begin: serving }), extensions: [searchIndexExtension], log, metrics, tracing, onFault }))
  } catch (error) {
    throw directoryFault(config.data, error)
  }
}

/** Codes of SQLite (no permission, read-only, cannot open) and of the system that say that the directory is not as it must be. */
const sqliteCodes: ReadonlySet<number> = new Set([3, 8, 14])
const systemCodes: ReadonlySet<unknown> = new Set(['EACCES', 'EEXIST', 'EISDIR', 'ENOENT', 'ENOTDIR', 'EPERM', 'EROFS'])

/** What hinders the node from opening its directory, as a fault that says so; anything else as it is. */
function directoryFault(directory: string, error: unknown): unknown {
  if (AisleError.is(error) || typeof error !== 'object' || error === null) return error
  const { code, errcode, message } = error as { readonly code?: unknown; readonly errcode?: unknown; readonly message?: unknown }
  if (!systemCodes.has(code) && !(typeof errcode === 'number' && sqliteCodes.has(errcode & 0xff))) return error
  return new AisleError('CONFIG_INVALID', `The directory ${directory} (--data) cannot be used: ${String(message)}. It must be a folder that this user may write to, with nothing in it but a node's own files.`, { cause: error })
}
