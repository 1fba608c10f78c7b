import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { AisleError } from '../../runtime/errors.ts'
import { bodyFault, readPackedBodiesAsText } from '../../runtime/graphql/body.ts'
import { graphqlJson, plainJson } from '../../runtime/graphql/media.ts'
import { operationalAnswer } from '../../runtime/health.ts'
import { observeRequests } from '../../runtime/http/fastify.ts'
import { fastifyOptions, type Patience } from '../../runtime/http/patience.ts'
import type { RoleContext } from '../../runtime/role.ts'
import type { Uploads } from '../limits/uploads.ts'
import type { EventStreams } from './event-stream.ts'
import { explorerAnswer } from './explorer.ts'
import { takeFastLane } from './fast-lane.ts'
import { type Answer, answerGraphQL, failureAnswer } from './http.ts'
import type { GraphService } from './service.ts'

export const graphqlPath = '/graphql'

export interface ServerOptions {
  /** Largest request body, in bytes. */
  readonly bodyLimit: number
  /** Folder of the explorer's built files. */
  readonly explorerFolder: string
  /** What `/examples.json` answers; null where there are none. */
  readonly examples: string | null
  /** The smallest answer that is compressed, in bytes. */
  readonly compressFrom: number
  readonly streams: EventStreams
  readonly uploads: Uploads
  readonly patience: Patience
}

/** The HTTP side of the gateway, not yet listening. */
export function createServer(service: GraphService, context: RoleContext, options: ServerOptions): FastifyInstance {
  const { patience, uploads } = options
  const server = fastify({ bodyLimit: options.bodyLimit, forceCloseConnections: 'idle', ...fastifyOptions(patience) })
  const figures = observeRequests(server, context, ({ routeOptions }) => routeOptions.url === graphqlPath)
  readPackedBodiesAsText(server, options.bodyLimit)
  server.addHook('onRequest', (_request, reply, done) => {
    // Whoever keeps a connection open would otherwise go on asking a process that is about to stop.
    if (context.health.draining) reply.header('connection', 'close')
    done()
  })
  server.addHook('onRequest', (request, reply, done) => {
    // Before its body is read: that costs more than to say no.
    if (service.load.overloaded && request.routeOptions.url === graphqlPath) {
      send(reply, failureAnswer(service.load.refusal(), plainJson, service))
      return
    }
    uploads.begin(request.raw)
    done()
  })
  server.addHook('preHandler', (request, _reply, done) => {
    uploads.end(request.raw)
    done()
  })
  server.setErrorHandler((error, _request, reply) => send(reply, failureAnswer(bodyFault(error), plainJson, service)))
  server.route({ method: ['GET', 'POST'], url: graphqlPath, exposeHeadRoute: false, handler: (request, reply) => answer(request, reply, service, options) })
  const refuseMethod = async (_request: unknown, reply: FastifyReply): Promise<FastifyReply> =>
    send(reply, failureAnswer(new AisleError('METHOD_NOT_ALLOWED'), graphqlJson, service, ['allow', 'GET, POST']))
  // Before anything is asked of the request: QUERY may not come without a type of its content.
  server.route({ method: server.supportedMethods.filter((method) => method !== 'GET' && method !== 'POST'), url: graphqlPath, onRequest: refuseMethod, handler: refuseMethod })
  server.get('/examples.json', async (_request, reply) => {
    if (options.examples === null) return reply.code(404).header('content-type', plainJson).send('[]')
    return reply.headers({ 'content-type': plainJson, 'cache-control': 'no-cache' }).send(options.examples)
  })
  server.get('/*', async (request, reply) => answerOther(request, reply, context, options))
  server.addHook('onReady', (done) => {
    takeFastLane(server.server, service, context, { ...options, path: graphqlPath, figures })
    done()
  })
  return server
}

async function answer(request: FastifyRequest, reply: FastifyReply, service: GraphService, options: ServerOptions): Promise<FastifyReply> {
  const { raw, body, aisleRequest } = request
  const asked = { request: raw, id: aisleRequest?.id ?? '', body: typeof body === 'string' ? body : '', response: reply.raw, takeOver: () => void reply.hijack() }
  const made = await answerGraphQL(asked, service, options)
  return made === null ? reply : send(reply, made)
}

function send(reply: FastifyReply, { status, head, body }: Answer): FastifyReply {
  for (let index = 0; index < head.length; index += 2) reply.header(head[index] ?? '', head[index + 1])
  return reply.code(status).send(body)
}

async function answerOther(request: FastifyRequest, reply: FastifyReply, { health, metrics }: RoleContext, { explorerFolder, compressFrom }: ServerOptions): Promise<FastifyReply> {
  const path = request.url.split('?', 1)[0] ?? '/'
  const operational = await operationalAnswer(path, health, metrics)
  if (operational !== null) return reply.code(operational.status).header('content-type', operational.contentType).header('cache-control', 'no-store').send(operational.body)
  const file = await explorerAnswer(explorerFolder, path, compressFrom === Infinity ? undefined : request.headers['accept-encoding'])
  if (file !== null) return reply.code(file.status).headers(file.headers).send(file.body)
  return reply.code(404).header('content-type', 'text/plain; charset=utf-8').send('Not found. The graph answers at /graphql.\n')
}
