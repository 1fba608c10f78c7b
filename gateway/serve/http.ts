import type { FastifyReply, FastifyRequest } from 'fastify'
import { OperationTypeNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { challengeOf } from '../../runtime/identity/bearer.ts'
import { chooseEncoding, compress } from '../../runtime/graphql/encoding.ts'
import { deferredParts, eventStream, graphqlJson, isJsonContent, negotiate, plainJson, present, type ResponseMedia, statusFor } from '../../runtime/graphql/media.ts'
import { type Parameters, parseBody, readParameters, readSearchParameters } from '../../runtime/graphql/parameters.ts'
import { runRequest } from '../../runtime/request.ts'
import { noSpan } from '../../runtime/tracing.ts'
import { Lru } from '../execute/lru.ts'
import type { EventStreams } from './event-stream.ts'
import type { GraphService } from './service.ts'

export interface AnswerOptions {
  /** The smallest answer that is compressed, in characters. */
  readonly compressFrom: number
  readonly streams: EventStreams
}

/** A client that sends it as 1 is told what its operation is estimated to cost. */
const costHeader = 'x-aisle-cost'

/** Answers one request at the GraphQL endpoint (GraphQL over HTTP). */
export async function answerGraphQL(request: FastifyRequest, reply: FastifyReply, service: GraphService, { compressFrom, streams }: AnswerOptions): Promise<FastifyReply> {
  let media: ResponseMedia = plainJson
  try {
    media = negotiate(request.headers.accept, deferredParts)
    const found = service.identity.identify(request.headers.authorization)
    const who = found instanceof Promise ? await found : found
    const operation = await service.ready(readRequest(request), { who, request: request.raw })
    if (request.method === 'GET' && operation.kind === OperationTypeNode.MUTATION) {
      reply.header('allow', 'POST')
      throw new AisleError('METHOD_NOT_ALLOWED')
    }
    const abort = abortOnLeave(reply)
    const from = { headers: request.headers, who }
    // Events that may come for months are in no trace.
    if (media === eventStream) return await runRequest({ id: request.aisleRequest?.id ?? '', span: noSpan }, () => streams.answer(reply, operation, from, abort))
    if (operation.kind === OperationTypeNode.SUBSCRIPTION) throw new AisleError('NOT_ACCEPTABLE', 'Subscribe over graphql-ws at this URL, or accept text/event-stream.')
    const { text: answer } = await service.execute(operation, service.scope(from, abort.signal))
    const text = request.headers[costHeader] === '1' ? withCost(answer, operation.cost(), service.maxCost) : answer
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
  const challenge = challengeOf(error)
  const retryAfter = retryAfterOf(failure.cause)
  if (retryAfter !== null) reply.header('retry-after', retryAfter)
  if (challenge !== null) reply.header('www-authenticate', challenge)
  return send(reply, statusFor(failure.code, failure.status, media), media === eventStream ? graphqlJson : media, failure.text)
}

function withCost(answer: string, estimated: number, max: number): string {
  return `${answer.slice(0, -1)},"extensions":${JSON.stringify({ cost: { estimated, ...(max === 0 ? {} : { max }) } })}}`
}

/** Seconds, for a fault that says when to come back. */
function retryAfterOf(fault: unknown): string | null {
  const seconds = AisleError.is(fault) ? fault.details.retryAfterSeconds : undefined
  return typeof seconds === 'number' ? String(seconds) : null
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
  const { 'content-type': type, 'content-encoding': encoding = 'identity' } = request.headers
  // A packed body is never unpacked: a few bytes could become gigabytes.
  if (!isJsonContent(type) || encoding !== 'identity') throw new AisleError('UNSUPPORTED_MEDIA_TYPE')
  return readBody(typeof request.body === 'string' ? request.body : '')
}

/** What bodies seen lately say. They say the same each time, and are only read; long ones mostly differ, and would fill the memory. */
const known = new Lru<Parameters>(1_000)
const maxKnownLength = 2_048

/** @throws AisleError BAD_REQUEST */
function readBody(text: string): Parameters {
  if (text.length > maxKnownLength) return readParameters(parseBody(text))
  let parameters = known.get(text)
  if (parameters === undefined) {
    parameters = readParameters(parseBody(text))
    known.set(text, parameters)
  }
  return parameters
}

function abortOnLeave(reply: FastifyReply): AbortController {
  const abort = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort()
  })
  return abort
}
