import type { IncomingMessage, ServerResponse } from 'node:http'
import { OperationTypeNode } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { challengeOf } from '../../runtime/identity/bearer.ts'
import { chooseEncoding, compress } from '../../runtime/graphql/encoding.ts'
import { eventStream, graphqlJson, isJsonContent, negotiate, plainJson, present, type ResponseMedia, statusFor } from '../../runtime/graphql/media.ts'
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

/** A request at the GraphQL endpoint, by whatever way it came in. */
export interface Asked {
  readonly request: IncomingMessage
  readonly id: string
  /** The text of its body; empty where it has none. */
  readonly body: string
  readonly response: ServerResponse
  /** From now on the response is written here, and by nobody else. */
  takeOver(): void
}

/** What is to be sent. */
export interface Answer {
  readonly status: number
  /** Names in lower case, each followed by its value; without the length of the body. */
  readonly head: string[]
  readonly body: string | Buffer
}

/** A client that sends it as 1 is told what its operation is estimated to cost. */
const costHeader = 'x-aisle-cost'

/** Answers one request at the GraphQL endpoint (GraphQL over HTTP); null where the answer has been written already. */
export async function answerGraphQL(asked: Asked, service: GraphService, { compressFrom, streams }: AnswerOptions): Promise<Answer | null> {
  const { request, response } = asked
  const { method, headers } = request
  let media: ResponseMedia = plainJson
  try {
    media = negotiate(headers.accept, true)
    const found = service.identity.identify(headers.authorization)
    const who = found instanceof Promise ? await found : found
    const operation = await service.ready(readRequest(asked), { who, request })
    if (method === 'GET' && operation.kind === OperationTypeNode.MUTATION) return failureAnswer(new AisleError('METHOD_NOT_ALLOWED'), media, service, ['allow', 'POST'])
    const abort = abortOnLeave(response)
    const from = { headers, who }
    if (media === eventStream) {
      asked.takeOver()
      // Events that may come for months are in no trace.
      await runRequest({ id: asked.id, span: noSpan }, () => streams.answer(response, operation, from, abort))
      return null
    }
    if (operation.kind === OperationTypeNode.SUBSCRIPTION) throw new AisleError('NOT_ACCEPTABLE', 'Subscribe over graphql-ws at this URL, or accept text/event-stream.')
    const { text: answer } = await service.execute(operation, service.scope(from, abort.signal))
    const text = headers[costHeader] === '1' ? withCost(answer, operation.cost(), service.maxCost) : answer
    const encoding = text.length < compressFrom ? null : chooseEncoding(headers['accept-encoding'])
    const ready = present(media, text)
    const made: Answer = { status: 200, head: ['content-type', ready.contentType, 'vary', varyBy], body: encoding === null ? ready.text : await compress(ready.text, encoding) }
    if (encoding !== null) made.head.push('content-encoding', encoding)
    return made
  } catch (error) {
    return failureAnswer(error, media, service)
  }
}

const varyBy = 'accept, accept-encoding, origin'

/** What is said of a request that failed as a whole. @param more headers, names and values in turn */
export function failureAnswer(error: unknown, media: ResponseMedia, service: GraphService, more: readonly string[] = []): Answer {
  const failure = service.failed(error)
  const status = statusFor(failure.code, failure.status, media)
  const { contentType, text } = present(media === eventStream ? graphqlJson : media, failure.text)
  const head = ['content-type', contentType, 'vary', varyBy, 'cache-control', 'no-store', ...more]
  const challenge = challengeOf(error)
  const retryAfter = retryAfterOf(failure.cause)
  if (retryAfter !== null) head.push('retry-after', retryAfter)
  if (challenge !== null) head.push('www-authenticate', challenge)
  return { status, head, body: text }
}

function withCost(answer: string, estimated: number, max: number): string {
  return `${answer.slice(0, -1)},"extensions":${JSON.stringify({ cost: { estimated, ...(max === 0 ? {} : { max }) } })}}`
}

/** Seconds, for a fault that says when to come back. */
function retryAfterOf(fault: unknown): string | null {
  const seconds = AisleError.is(fault) ? fault.details.retryAfterSeconds : undefined
  return typeof seconds === 'number' ? String(seconds) : null
}

function readRequest({ request: { method, url = '', headers }, body }: Asked): Parameters {
  if (method === 'GET') return readSearchParameters(new URLSearchParams(url.split('?').slice(1).join('?')))
  const { 'content-type': type, 'content-encoding': encoding = 'identity' } = headers
  // What could be unpacked has been, and does not say any more that it was.
  if (!isJsonContent(type) || encoding !== 'identity') throw new AisleError('UNSUPPORTED_MEDIA_TYPE')
  return readBody(body)
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

function abortOnLeave(response: ServerResponse): AbortController {
  const abort = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) abort.abort()
  })
  return abort
}
