import type { FastifyReply, FastifyRequest } from 'fastify'
import { AisleError } from '../../../runtime/errors.ts'
import { isJsonContent, negotiate, plainJson, type ResponseMedia } from '../../../runtime/graphql/media.ts'
import { parseBody, readParameters, readSearchText, type Parameters } from '../../../runtime/graphql/parameters.ts'
import type { NodeCallers } from './caller.ts'
import type { Responder, Response } from './responder.ts'

/** The route of GraphQL: whatever the fast lane does not take. */
export function createHttpHandler(responder: Responder, callers: NodeCallers): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    let media: ResponseMedia = plainJson
    try {
      media = negotiate(request.headers.accept)
      const isGet = request.method === 'GET' || request.method === 'HEAD'
      const parameters = isGet ? readGet(request.url) : readPost(request)
      const { headers } = request
      const caller = await callers.identify(headers.authorization)
      return send(reply, await responder.respond({ isGet, media, parameters, caller, authorization: headers.authorization, ifNoneMatch: headers['if-none-match'], alias: null }))
    } catch (error) {
      return send(reply, responder.fail(error, media))
    }
  }
}

/** @throws AisleError BAD_REQUEST */
export function readGet(url: string): Parameters {
  return readSearchText(url.slice(url.indexOf('?') + 1))
}

function readPost(request: FastifyRequest): Parameters {
  if (!isJsonContent(request.headers['content-type'])) throw new AisleError('UNSUPPORTED_MEDIA_TYPE')
  return readParameters(parseBody(request.body as string))
}

/** Sends a response through Fastify. */
export function send(reply: FastifyReply, { status, head, body }: Response): FastifyReply {
  void reply.code(status)
  for (let at = 0; at < head.length; at += 2) void reply.header(head[at] as string, head[at + 1])
  return body === '' ? reply.send() : reply.send(Buffer.from(body, 'latin1'))
}
