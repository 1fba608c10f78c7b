import { hostname } from 'node:os'
import fastify from 'fastify'
import { operationalAnswer } from '../../runtime/health.ts'
import { observeRequests } from '../../runtime/http/fastify.ts'
import { fastifyOptions } from '../../runtime/http/patience.ts'
import { Gate } from '../../runtime/gate.ts'
import type { RoleContext, RunningRole } from '../../runtime/role.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { createPostgresSource } from '../../subgraphs/log/postgres-source.ts'
import { mostTogether } from '../../subgraphs/log/shared-reads.ts'
import { startUpkeep } from '../../subgraphs/log/upkeep.ts'
import { startSequencer } from '../../subgraphs/log/sequencer.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import type { OriginConfig } from './config.ts'
import { StoreLag } from './lag.ts'
import { registerOriginMetrics } from './metrics.ts'
import { NodeDirectory } from './nodes.ts'
import { registerSync } from './sync.ts'

const hourMs = 3_600_000

/**
 * Starts the cloud's counterpart of the stores' nodes: a sequencer, of which one in all the cloud works, and the paths of the
 * protocol. It starts and stays up without the database, and serves when that answers.
 * @throws AisleError PORT_IN_USE
 */
export async function startOrigin(config: OriginConfig, context: RoleContext): Promise<RunningRole> {
  const { log, health, metrics } = context
  await using stack = new AsyncDisposableStack()
  const storage = stack.use(openPostgres(config.databaseUrl, { connections: config.connections }))
  const gateOf = (atOnce: number, queue = config.queue): Gate => new Gate({ atOnce: Math.max(1, atOnce), queue })
  // A whole copy may take as long as its link is slow: it never has all the places of those who compare.
  // Those who catch up and those who deliver never have all the connections together: small questions get theirs. The head of the log has its own.
  // To answer from memory costs hardly more than to turn away, and who waits for that holds nothing but his connection: there is room for a whole chain.
  const share = (config.connections - 1) / 2
  const reads = Math.max(1, Math.floor(share))
  const gates = { returns: gateOf(1, config.queue * 10), changes: gateOf(reads * mostTogether), copies: gateOf(config.copies), wholeCopies: gateOf(config.copies - 1) }
  const source = stack.use(createPostgresSource(storage, { keepTail: true, gates, reads }))
  const owner = `${hostname()}/${process.pid}`
  stack.use(startSequencer(storage, { owner, tickMs: config.tick, leaseMs: config.lease, log, metrics }))
  stack.use(
    startUpkeep(storage, {
      compactAfterMs: config.compactAfter * hourMs,
      retentionMs: config.retention * 24 * hourMs,
      mostChanges: config.mostChanges,
      outcomeRetentionMs: config.outcomeRetention * 24 * hourMs,
      auditRetentionMs: config.auditRetention * 24 * hourMs,
      everyMs: hourMs,
      log,
      metrics,
    }),
  )
  const lag = new StoreLag()
  registerOriginMetrics(metrics, storage, source, lag)

  health.require('sequencer', async () => {
    const { rows } = await storage.pool.query<{ alive: boolean }>('select lease_until > clock_timestamp() as alive from log_fence where id = 1')
    return rows[0]?.alive === true ? null : 'no sequencer is at work'
  })

  const app = fastify({ forceCloseConnections: 'idle', ...fastifyOptions(config) })
  stack.defer(() => app.close())
  observeRequests(app, context)
  const requireEnrolment = config.requireEnrolment === true || config.production === true
  if (!requireEnrolment) log.warn('development mode: nodes that are not enrolled are answered too (--require-enrolment)')
  const sync = registerSync(app, { storage, source, deliveries: gateOf(Math.ceil(share)), nodes: new NodeDirectory(storage), requireEnrolment, statementTimeoutMs: config.statementTimeout, lag, log })
  for (const path of ['/health/live', '/health/ready', '/metrics']) {
    app.get(path, async (_request, reply) => {
      const answer = await operationalAnswer(path, health, metrics)
      if (answer === null) return reply.callNotFound()
      return reply.code(answer.status).headers({ 'content-type': answer.contentType, 'cache-control': 'no-store' }).send(answer.body)
    })
  }
  await app.ready()
  const port = await listen(app.server, config.port, config.host)
  stack.defer(() => closeServer(app.server))
  stack.use(sync)
  const resources = stack.move()
  return { url: `http://${config.host ?? 'localhost'}:${port}`, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}
