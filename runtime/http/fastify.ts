import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { RoleContext } from '../role.ts'
import { endServerSpan, openRequest, type RequestContext, requestIdHeader, runRequest } from '../request.ts'
import { serverFigures, type ServerFigures } from './figures.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Null for what is not observed. */
    aisleRequest: RequestContext | null
  }
}

const refuseSchema = (): never => {
  throw new Error('This server compiles no schemas of routes.')
}

/** For servers whose routes have no JSON schemas (`schemaController`): the compilers of schemas are then not loaded. */
export const withoutSchemas = { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } }

const operational: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics'])

/**
 * Every request of a server gets its id, its span and its place in the figures. Call it before any other hook is added, so that
 * these see the request's id.
 * @returns the figures, for what is answered before the router
 * @param timed which routes are counted and traced; all but health checks and scrapes without it
 */
export function observeRequests(server: FastifyInstance, { metrics, tracing }: RoleContext, timed: (request: FastifyRequest) => boolean = isTimed): ServerFigures {
  const figures = serverFigures(metrics)
  server.decorateRequest('aisleRequest', null)
  server.addHook('onRequest', (request, reply, done) => {
    if (!timed(request)) {
      done()
      return
    }
    const { method } = request
    const context = openRequest(request.headers, tracing, `${method} ${routeOf(request)}`)
    request.aisleRequest = context
    reply.header(requestIdHeader, context.id)
    figures.entered()
    // Also a request that is given up, or hijacked, comes to its end here.
    reply.raw.once('close', () => {
      const status = reply.raw.statusCode
      figures.left(method, routeOf(request), status, reply.elapsedTime / 1000)
      endServerSpan(context, method, routeOf(request), status)
    })
    done()
  })
  // Not before: the events that bring a body come from the connection, and know of no request.
  server.addHook('preHandler', ({ aisleRequest }, _reply, done) => (aisleRequest === null ? done() : runRequest(aisleRequest, done)))
  return figures
}

function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? ''
}

function isTimed(request: FastifyRequest): boolean {
  return !operational.has(request.url.split('?', 1)[0] ?? '')
}
