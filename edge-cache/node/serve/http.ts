import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AisleError } from '../../../runtime/errors.ts'
import { isJsonContent, negotiate, plainJson, statusFor, type ResponseMedia } from '../../../runtime/graphql/media.ts'
import { parseBody, readParameters, readSearchParameters, type Parameters } from '../../../runtime/graphql/parameters.ts'
import type { Logger } from '../../../runtime/log.ts'
import type { OperationList } from './documents.ts'
import type { Answer, Executor } from './execute.ts'
import { failure } from './faults.ts'
import type { Freshness } from './freshness.ts'

export interface HttpHandler {
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
  /** Answers a request that failed as a whole. */
  readonly fail: (reply: FastifyReply, error: unknown, media?: ResponseMedia) => FastifyReply
}

/** GraphQL over HTTP for persisted operations: POST anything, GET queries, which may be answered by 304. */
export function createHttpHandler({ operations, executor, currentFreshness, log }: {
  readonly operations: OperationList
  readonly executor: Executor
  /** For answers that never got as far as reading. */
  readonly currentFreshness: () => Freshness
  readonly log: Logger
}): HttpHandler {
  const fail: HttpHandler['fail'] = (reply, error, media = plainJson) => {
    const { fault, errors } = failure(error, log)
    return reply
      .code(statusFor(fault.code, fault.status, media))
      .headers({ 'content-type': `${media}; charset=utf-8`, 'cache-control': 'no-store' })
      .send(JSON.stringify({ errors, extensions: { edge: currentFreshness() } }))
  }
  const handler: HttpHandler['handler'] = async (request, reply) => {
    let media: ResponseMedia = plainJson
    try {
      media = negotiate(request.headers.accept)
      const isGet = request.method === 'GET' || request.method === 'HEAD'
      const parameters = isGet ? readGet(request) : readPost(request)
      const operation = operations.find(parameters)
      if (operation.type === 'subscription') throw new AisleError('BAD_REQUEST', 'A subscription needs graphql-ws: open a WebSocket on this path.')
      if (isGet && operation.type !== 'query') {
        void reply.header('allow', 'POST')
        throw new AisleError('METHOD_NOT_ALLOWED')
      }
      return send(request, reply, media, await executor.run(operation, parameters.variables), isGet)
    } catch (error) {
      return fail(reply, error, media)
    }
  }
  return { handler, fail }
}

function readGet(request: FastifyRequest): Parameters {
  return readSearchParameters(new URL(request.url, 'http://node').searchParams)
}

function readPost(request: FastifyRequest): Parameters {
  if (!isJsonContent(request.headers['content-type'])) throw new AisleError('UNSUPPORTED_MEDIA_TYPE')
  return readParameters(parseBody(request.body as string))
}

function send(request: FastifyRequest, reply: FastifyReply, media: ResponseMedia, { data, errors, edge }: Answer, cacheable: boolean): FastifyReply {
  const bytes = `"data":${JSON.stringify(data)}${errors.length === 0 ? '' : `,"errors":${JSON.stringify(errors)}`}`
  const etag = `W/"${createHash('sha1').update(bytes).digest('base64url')}"`
  void reply.headers({ age: String(edge.ageSeconds), etag, vary: 'accept, origin', 'cache-control': cacheable ? 'no-cache' : 'no-store' })
  if (cacheable && request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag) === true) return reply.code(304).send()
  return reply.code(200).header('content-type', `${media}; charset=utf-8`).send(`{${bytes},"extensions":{"edge":${JSON.stringify(edge)}}}`)
}
