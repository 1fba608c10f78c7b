import type { FastifyReply, FastifyRequest } from 'fastify'
import { OperationTypeNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { challengeOf } from '../../runtime/identity/bearer.ts'
import type { Caller } from '../../runtime/identity/caller.ts'
import { expiredReason, onExpiry } from '../../runtime/identity/expiry.ts'
import type { RequestScope } from '../subgraphs/types.ts'
import { chooseEncoding, compress } from '../../runtime/graphql/encoding.ts'
import type { ReadyOperation } from './graph.ts'
import { eventStream, graphqlJson, isJsonContent, negotiate, plainJson, type ResponseMedia, statusFor } from '../../runtime/graphql/media.ts'
import { type Parameters, parseBody, readParameters, readSearchParameters } from '../../runtime/graphql/parameters.ts'
import type { GraphService } from './service.ts'

/** Answers one request at the GraphQL endpoint (GraphQL over HTTP). @param compressFrom the smallest answer that is compressed, in characters */
export async function answerGraphQL(request: FastifyRequest, reply: FastifyReply, service: GraphService, compressFrom: number): Promise<FastifyReply> {
  let media: ResponseMedia = plainJson
  try {
    media = negotiate(request.headers.accept)
    const found = service.callers.identity.identify(request.headers.authorization)
    const caller = found instanceof Promise ? await found : found
    const operation = await service.ready(readRequest(request), caller)
    if (request.method === 'GET' && operation.kind === OperationTypeNode.MUTATION) {
      reply.header('allow', 'POST')
      throw new AisleError('METHOD_NOT_ALLOWED')
    }
    const scope = scopeOf(request, reply, service, caller)
    if (media === eventStream) return await streamEvents(reply, operation, scope, service, caller)
    if (operation.kind === OperationTypeNode.SUBSCRIPTION) throw new AisleError('NOT_ACCEPTABLE', 'Subscribe over graphql-ws at this URL, or accept text/event-stream.')
    const { text } = await service.execute(operation, scope)
    const encoding = text.length < compressFrom ? null : chooseEncoding(request.headers['accept-encoding'])
    if (encoding === null) return send(reply, 200, media, text)
    return send(reply.header('content-encoding', encoding), 200, media, await compress(text, encoding))
  } catch (error) {
    return answerFailure(reply, error, media, service)
  }
}

/** Answers a request that failed as a whole. */
export function answerFailure(reply: FastifyReply, error: unknown, media: ResponseMedia, service: GraphService): FastifyReply {
  const failure = service.failed(error)
  reply.header('cache-control', 'no-store')
  const challenge = challengeOf(error)
  if (challenge !== null) reply.header('www-authenticate', challenge)
  return send(reply, statusFor(failure.code, failure.status, media), media === eventStream ? graphqlJson : media, failure.text)
}

function send(reply: FastifyReply, status: number, media: ResponseMedia, text: string | Buffer): FastifyReply {
  return reply.code(status).header('content-type', `${media}; charset=utf-8`).header('vary', 'accept, accept-encoding, origin').send(text)
}

function readRequest(request: FastifyRequest): Parameters {
  if (request.method === 'GET') return readSearchParameters(new URLSearchParams(request.url.split('?').slice(1).join('?')))
  if (!isJsonContent(request.headers['content-type'])) throw new AisleError('UNSUPPORTED_MEDIA_TYPE')
  return readParameters(parseBody(typeof request.body === 'string' ? request.body : ''))
}

function scopeOf(request: FastifyRequest, reply: FastifyReply, service: GraphService, caller: Caller): RequestScope {
  const abort = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort()
  })
  return service.callers.scope(caller, request.headers, abort.signal)
}

/** Server-sent events, one `next` a result and a `complete` at the end (the "distinct connections" mode of graphql-sse). */
async function streamEvents(reply: FastifyReply, operation: ReadyOperation, given: RequestScope, service: GraphService, caller: Caller): Promise<FastifyReply> {
  const ended = new AbortController()
  const { identity } = service.callers
  using _ = onExpiry(caller, () => identity.clockToleranceSeconds, () => ended.abort(new AisleError('UNAUTHENTICATED', expiredReason, { details: { reason: 'expired' } })))
  const scope: RequestScope = withSignal(given, AbortSignal.any([given.signal, ended.signal]))
  reply.hijack()
  const stream = reply.raw
  stream.writeHead(200, { 'content-type': `${eventStream}; charset=utf-8`, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' })
  stream.flushHeaders()
  const next = async (text: string): Promise<void> => {
    if (stream.write(`event: next\ndata: ${text}\n\n`) || given.signal.aborted) return
    await new Promise<void>((resolve) => {
      stream.once('drain', resolve)
      stream.once('close', resolve)
    })
  }
  try {
    if (operation.kind === OperationTypeNode.SUBSCRIPTION) {
      for await (const { text } of service.subscribe(operation, scope)) await next(text)
    } else {
      await next((await service.execute(operation, scope)).text)
    }
  } catch (error) {
    await next(service.failed(error).text)
  }
  if (ended.signal.aborted) await next(service.failed(ended.signal.reason).text)
  stream.end('event: complete\ndata:\n\n')
  return reply
}

/** The same scope, ended by another signal; its headers stay those of the moment. */
function withSignal(scope: RequestScope, signal: AbortSignal): RequestScope {
  return {
    get headers() {
      return scope.headers
    },
    caller: scope.caller,
    signal,
  }
}
