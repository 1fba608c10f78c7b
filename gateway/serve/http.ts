import type { FastifyReply, FastifyRequest } from 'fastify'
import { OperationTypeNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { createScope, propagate } from '../subgraphs/headers.ts'
import type { RequestScope } from '../subgraphs/types.ts'
import { chooseEncoding, compress } from '../../runtime/graphql/encoding.ts'
import type { ReadyOperation } from './graph.ts'
import { deferredParts, eventStream, graphqlJson, isJsonContent, negotiate, plainJson, present, type ResponseMedia, statusFor } from '../../runtime/graphql/media.ts'
import { type Parameters, parseBody, readParameters, readSearchParameters } from '../../runtime/graphql/parameters.ts'
import type { GraphService } from './service.ts'

/** Answers one request at the GraphQL endpoint (GraphQL over HTTP). @param compressFrom the smallest answer that is compressed, in characters */
export async function answerGraphQL(request: FastifyRequest, reply: FastifyReply, service: GraphService, compressFrom: number): Promise<FastifyReply> {
  let media: ResponseMedia = plainJson
  try {
    media = negotiate(request.headers.accept, deferredParts)
    const operation = await service.ready(readRequest(request))
    if (request.method === 'GET' && operation.kind === OperationTypeNode.MUTATION) {
      reply.header('allow', 'POST')
      throw new AisleError('METHOD_NOT_ALLOWED')
    }
    const scope = scopeOf(request, reply, service)
    if (media === eventStream) return await streamEvents(reply, operation, scope, service)
    if (operation.kind === OperationTypeNode.SUBSCRIPTION) throw new AisleError('NOT_ACCEPTABLE', 'Subscribe over graphql-ws at this URL, or accept text/event-stream.')
    const { text } = await service.execute(operation, scope)
    const encoding = text.length < compressFrom ? null : chooseEncoding(request.headers['accept-encoding'])
    if (encoding === null) return send(reply, 200, media, text)
    const ready = present(media, text)
    return deliver(reply.header('content-encoding', encoding), 200, ready.contentType, await compress(ready.text, encoding))
  } catch (error) {
    return answerFailure(reply, error, media, service)
  }
}

/** Answers a request that failed as a whole. */
export function answerFailure(reply: FastifyReply, error: unknown, media: ResponseMedia, service: GraphService): FastifyReply {
  const failure = service.failed(error)
  reply.header('cache-control', 'no-store')
  return send(reply, statusFor(failure.code, failure.status, media), media === eventStream ? graphqlJson : media, failure.text)
}

function send(reply: FastifyReply, status: number, media: ResponseMedia, text: string): FastifyReply {
  const ready = present(media, text)
  return deliver(reply, status, ready.contentType, ready.text)
}

function deliver(reply: FastifyReply, status: number, contentType: string, body: string | Buffer): FastifyReply {
  return reply.code(status).header('content-type', contentType).header('vary', 'accept, accept-encoding, origin').send(body)
}

function readRequest(request: FastifyRequest): Parameters {
  if (request.method === 'GET') return readSearchParameters(new URLSearchParams(request.url.split('?').slice(1).join('?')))
  if (!isJsonContent(request.headers['content-type'])) throw new AisleError('UNSUPPORTED_MEDIA_TYPE')
  return readParameters(parseBody(typeof request.body === 'string' ? request.body : ''))
}

function scopeOf(request: FastifyRequest, reply: FastifyReply, service: GraphService): RequestScope {
  const abort = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort()
  })
  return createScope(propagate(request.headers, service.propagatedHeaders), abort.signal)
}

/** Server-sent events, one `next` a result and a `complete` at the end (the "distinct connections" mode of graphql-sse). */
async function streamEvents(reply: FastifyReply, operation: ReadyOperation, scope: RequestScope, service: GraphService): Promise<FastifyReply> {
  reply.hijack()
  const stream = reply.raw
  stream.writeHead(200, { 'content-type': `${eventStream}; charset=utf-8`, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' })
  stream.flushHeaders()
  const next = async (text: string): Promise<void> => {
    if (stream.write(`event: next\ndata: ${text}\n\n`) || scope.signal.aborted) return
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
  stream.end('event: complete\ndata:\n\n')
  return reply
}
