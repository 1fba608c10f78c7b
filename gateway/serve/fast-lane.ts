import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { departTogether } from '../../runtime/departures.ts'
import { bodyText } from '../../runtime/graphql/body.ts'
import { eventStream, negotiate } from '../../runtime/graphql/media.ts'
import { beforeRouter, isOwnSite, isSmallJson, readWhole } from '../../runtime/http/before-router.ts'
import type { ServerFigures } from '../../runtime/http/figures.ts'
import type { RoleContext } from '../../runtime/role.ts'
import { endServerSpan, openRequest, requestIdHeader, runRequest } from '../../runtime/request.ts'
import type { Uploads } from '../limits/uploads.ts'
import { type Answer, answerGraphQL, type AnswerOptions } from './http.ts'
import type { GraphService } from './service.ts'

export interface FastLaneOptions extends AnswerOptions {
  /** Of GraphQL. */
  readonly path: string
  /** Largest body, in bytes. */
  readonly bodyLimit: number
  readonly uploads: Uploads
  readonly figures: ServerFigures
}

/**
 * Answers nearly every request, a POST of JSON for one answer, before the router of a server that is ready: on a small query a router and its
 * reply cost more than planning and joining. What is special (another site's page, a stream of events, a large body) takes the router's way,
 * to the same {@link answerGraphQL}.
 */
export function takeFastLane(server: Server, service: GraphService, { health, tracing }: RoleContext, options: FastLaneOptions): void {
  const { path, bodyLimit, uploads, figures } = options
  const spanName = `POST ${path}`

  const answer = async (request: IncomingMessage, response: ServerResponse, body: string): Promise<void> => {
    const startedAt = performance.now()
    figures.entered()
    const context = openRequest(request.headers, tracing, spanName)
    const asked = { request, id: context.id, body, response, takeOver() {} }
    const made = await runRequest(context, () => answerGraphQL(asked, service, options))
    if (made === null) return
    made.head.push(requestIdHeader, context.id)
    departTogether({ depart: () => write(response, made) }, made.body.length)
    figures.left('POST', path, made.status, (performance.now() - startedAt) / 1000)
    endServerSpan(context, 'POST', path, made.status)
  }

  beforeRouter(server, (next) => (request, response) => {
    const { method, url, headers } = request
    const isPlain = method === 'POST' && url === path && isOwnSite(headers) && isSmallJson(headers, bodyLimit) && !takesEvents(headers.accept)
    if (!isPlain || health.draining || service.load.overloaded) return next(request, response)
    uploads.begin(request)
    readWhole(request, (body) => {
      uploads.end(request)
      void answer(request, response, bodyText(body))
    })
  })
}

/** Whether an answer may be a stream, or cannot be anything that is sent. */
function takesEvents(accept: string | undefined): boolean {
  try {
    return negotiate(accept, true) === eventStream
  } catch {
    return true
  }
}

function write(response: ServerResponse, { status, head, body }: Answer): void {
  if (response.destroyed) return
  const bytes = Buffer.byteLength(body)
  head.push('content-length', String(bytes))
  response.writeHead(status, head)
  // What is ASCII throughout is written faster as such, in one piece with the head.
  if (typeof body === 'string') response.end(body, bytes === body.length ? 'latin1' : 'utf8')
  else response.end(body)
}
