import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { ContextSigner, readContextSecrets } from '../runtime/identity/context.ts'
import { createIdentity } from '../runtime/identity/identity.ts'
import { readPolicies } from '../runtime/identity/policies.ts'
import { AisleError } from '../runtime/errors.ts'
import { closeServer, listen } from '../runtime/server.ts'
import type { RoleContext, RunningRole } from '../runtime/role.ts'
import type { GatewayConfig } from './config.ts'
import { Admission } from './limits/admission.ts'
import { limitConnections } from './limits/connections.ts'
import { Load } from './limits/load.ts'
import { Uploads } from './limits/uploads.ts'
import { EventStreams } from './serve/event-stream.ts'
import { createGraph, type Graph } from './serve/graph.ts'
import { createGatewayMetrics } from './serve/metrics.ts'
import { Observation } from './serve/observation.ts'
import { guardOrigins } from '../runtime/graphql/origins.ts'
import { readManifest } from '../runtime/graphql/persisted.ts'
import { subgraphReadiness } from './serve/readiness.ts'
import { Reloader } from './serve/reload.ts'
import { documentPolicy } from './serve/documents.ts'
import { createServer, graphqlPath } from './serve/server.ts'
import { GraphService } from './serve/service.ts'
import type { ClientLimits } from './serve/socket-client.ts'
import { warmUp } from './serve/warm-up.ts'
import { serveWebSocket } from './serve/websocket.ts'
import { defaultPropagatedHeaders, type HeaderRules } from './subgraphs/headers.ts'
import { type ClientOptions, SubgraphClient } from './subgraphs/client.ts'
import { SupergraphSource } from './supergraph/source.ts'
import { loadSupergraph } from './supergraph/supergraph.ts'

/**
 * Starts a gateway over any Federation 2 supergraph.
 * @throws AisleError SUPERGRAPH_INVALID, CONFIG_INVALID, PORT_IN_USE
 */
export async function startGateway(config: GatewayConfig, context: RoleContext): Promise<RunningRole> {
  const identity = createIdentity(config, { log: context.log, passOn: config.propagateHeader?.includes('authorization') ?? false })
  const headers = await headerRules(config)
  const grant = await readPolicies(config.policies)
  const source = new SupergraphSource(config.supergraph)
  const manifest = config.manifest === undefined ? null : await readManifest(config.manifest)
  const metrics = createGatewayMetrics(context.metrics, () => service.graph.operations)
  const createVersion = async (sdl: string): Promise<Graph> => {
    const supergraph = await loadSupergraph(sdl, config.subgraphUrl, config.overrideLabel, grant)
    const subgraphs = new SubgraphClient(supergraph.urls, clientOptions(config), metrics.subgraphs)
    return createGraph(supergraph, subgraphs, {
      limits: { document: config, defaultListSize: config.listSize },
      planCache: { count: config.planCache, bytes: config.planCacheBytes },
      hideInternals: config.production,
      shareQueries: config.shareQueries,
      onShared: metrics.sharedQuery,
      shareSubscriptions: config.shareSubscriptions,
      onBroadcast: metrics.broadcasts,
      onPreparation: metrics.preparation,
    })
  }
  const policy = documentPolicy(config, manifest, () => metrics.unlistedDocument(), context.log)
  const observation = new Observation({ manifest, metrics, log: context.log, slowMs: context.slowMs })
  await using guards = new AsyncDisposableStack()
  const admission = guards.use(new Admission(config, policy, context.log))
  const load = guards.use(new Load({ maxConcurrent: config.maxConcurrent, maxQueue: config.maxQueue, maxLagMs: config.maxLag, maxHeap: config.maxHeap / 100 }))
  const uploads = guards.use(new Uploads({ minRate: config.minUploadRate, graceMs: config.uploadGrace }))
  const first = await createVersion((await source.read()) ?? '')
  checkNames(config, first.supergraph.urls)
  const service: GraphService = new GraphService(first, { admission, load }, headers, identity, metrics, observation, context.log)
  context.health.require('subgraphs', subgraphReadiness(() => service.graph.subgraphs))
  const examples = config.examples === undefined ? null : await readExamples(config.examples)
  const limits = clientLimits(config)
  const streams = new EventStreams(service, limits)
  const server = createServer(service, context, { bodyLimit: config.bodyLimit, explorerFolder: config.explorerFolder, examples, compressFrom: config.compression ? config.compressionThreshold : Infinity, streams, uploads, patience: config })
  await guardOrigins(server, graphqlPath, config.allowOrigin)
  await server.ready()
  limitConnections(server.server, config.maxConnectionsPerAddress)
  const sockets = serveWebSocket(server.server, service, { path: graphqlPath, allowOrigin: config.allowOrigin, limits, tracing: context.tracing })
  const port = await listen(server.server, config.port, config.host)
  const take = async (sdl: string): Promise<void> => {
    const next = await createVersion(sdl)
    await warmUp(service.graph.operations, next.operations, { count: config.warmUp, limitMs: config.warmUpLimit })
    await service.replace(next)
  }
  const reloader = new Reloader(source, { pollMs: config.supergraphPoll, take, observe: metrics.reload, log: context.log })
  const resources = guards.move()
  return {
    url: `http://${config.host ?? 'localhost'}:${port}`,
    async [Symbol.asyncDispose]() {
      reloader[Symbol.dispose]()
      context.health.drain()
      if (config.drainGrace > 0) await pause(config.drainGrace)
      streams[Symbol.dispose]()
      await Promise.all([sockets[Symbol.asyncDispose](), closeServer(server.server)])
      await server.close()
      await service[Symbol.asyncDispose]()
      await resources.disposeAsync()
    },
  }
}

/** @throws AisleError CONFIG_INVALID */
async function headerRules(config: GatewayConfig): Promise<HeaderRules> {
  const [secret] = await readContextSecrets(config)
  // Where subgraphs are told who asks, the token itself stays here: it would open more doors than theirs.
  const propagate = config.propagateHeader ?? defaultPropagatedHeaders.filter((name) => secret === undefined || name !== 'authorization')
  return { propagate, trace: new Set(config.traceHeader), signer: secret === undefined ? null : new ContextSigner(secret) }
}

/** A name that is written wrong would change nothing, in silence. @throws AisleError CONFIG_INVALID */
function checkNames(config: GatewayConfig, urls: ReadonlyMap<string, string>): void {
  const named = { '--subgraph-timeout': config.subgraphTimeout, '--subgraph-compression': config.subgraphCompression, '--subgraph-subscriptions': config.subgraphSubscriptions }
  for (const [flag, settings] of Object.entries(named)) {
    for (const name of Object.keys(settings)) if (!urls.has(name)) throw new AisleError('CONFIG_INVALID', `${flag} names the subgraph "${name}", but the supergraph has only ${[...urls.keys()].join(', ')}.`)
  }
}

function clientOptions(config: GatewayConfig): ClientOptions {
  return {
    timeoutMs: config.timeout,
    timeouts: config.subgraphTimeout,
    retries: config.retries,
    breaker: { failures: config.breakerFailures, pauseMs: config.breakerPause },
    maxResponseBytes: config.maxResponse,
    connections: config.connections,
    share: config.shareSubgraphRequests,
    packing: { encodings: config.subgraphCompression, from: config.compressionThreshold },
    streams: config.subgraphSubscriptions,
    streamRetryMs: config.streamRetry,
    streamSilenceMs: config.streamSilence,
    newestOnly: config.slowClients === 'coalesce',
  }
}

function clientLimits(config: GatewayConfig): ClientLimits {
  return { maxBytes: config.clientBuffer, policy: config.slowClients, pingMs: config.clientPing, maxOperations: config.clientOperations, idleMs: config.socketIdle }
}

/** @throws AisleError CONFIG_INVALID */
async function readExamples(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8')
    JSON.parse(text)
    return text
  } catch (cause) {
    throw new AisleError('CONFIG_INVALID', `The examples ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
