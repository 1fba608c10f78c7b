import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { bodyText } from '../../../runtime/graphql/body.ts'
import { negotiate, type ResponseMedia } from '../../../runtime/graphql/media.ts'
import { parseBody, readParameters, type Parameters } from '../../../runtime/graphql/parameters.ts'
import { beforeRouter, type Handler, isOwnSite, isSmallJson, readWhole } from '../../../runtime/http/before-router.ts'
import type { ServerFigures } from '../../../runtime/http/figures.ts'
import { givenRequestId, openRequest, requestIdHeader, runRequest } from '../../../runtime/request.ts'
import type { Tracing } from '../../../runtime/tracing.ts'
import { after } from '../../../subgraphs/shared/soon.ts'
import type { Caller } from '../../../runtime/identity/caller.ts'
import type { NodeCallers } from './caller.ts'
import type { OperationList } from './documents.ts'
import { readGet } from './http.ts'
import type { Responder, Response } from './responder.ts'
import { Sending } from './sending.ts'

/** Longer texts of requests are not remembered; their answers are found by their key. */
const longestAlias = 2_048

/**
 * Stand between the caller's rights and the request's text: a body may hold anything, also another's rights, but rights hold neither of these.
 * And no body is taken for a URL.
 */
const [getMark, postMark] = ['\n', '\r']

/** A body that was read before Fastify was asked. */
const bodies = new WeakMap<IncomingMessage, Buffer>()

export interface FastLaneOptions {
  /** Of GraphQL. */
  readonly path: string
  /** Largest body in bytes that is read here. */
  readonly bodyLimit: number
  readonly operations: OperationList
  readonly responder: Responder
  readonly callers: NodeCallers
  readonly figures: ServerFigures
  readonly tracing: Tracing
}

/** Puts the fast lane before the router of a server that is ready. */
export function takeFastLane(app: FastifyInstance, options: FastLaneOptions): void {
  beforeRouter(app.server, (next) => fastLane(options, next))
}

/**
 * Answers plain queries before Fastify's router: with ready bytes where they are, else by execution. Everything else (mutations,
 * other sites' pages, whatever is malformed) takes the router's way, which knows all the cases.
 */
function fastLane({ path, bodyLimit, operations, responder, callers, figures, tracing }: FastLaneOptions, next: Handler): Handler {
  const sending = new Sending(path, figures)
  const isQuery = (parameters: Parameters): boolean => {
    try {
      return operations.find(parameters).type === 'query'
    } catch {
      return false
    }
  }

  /** Whether the answer's bytes were ready. */
  const answerReady = (response: ServerResponse, method: string, headers: IncomingHttpHeaders, alias: string, media: ResponseMedia): boolean => {
    const isGet = method === 'GET'
    const made = responder.ready(alias, isGet, media, isGet ? headers['if-none-match'] : undefined)
    if (made === null) return false
    // Nothing is logged of it: only who has a name for it is given that back.
    const id = givenRequestId(headers)
    if (id !== null) made.head.push(requestIdHeader, id)
    sending.end({ response, made, method, startedAt: sending.begin(), context: null })
    return true
  }

  const answer = (response: ServerResponse, method: string, headers: IncomingHttpHeaders, alias: string | null, media: ResponseMedia, caller: Caller, parameters: Parameters | null): boolean => {
    if (parameters === null || !isQuery(parameters)) return false
    const isGet = method === 'GET'
    const startedAt = sending.begin()
    const context = openRequest(headers, tracing, `${method} ${path}`)
    const send = (made: Response): void => {
      made.head.push(requestIdHeader, context.id)
      sending.end({ response, made, method, startedAt, context })
    }
    const { authorization, 'if-none-match': ifNoneMatch } = headers
    void runRequest(context, () => after(responder.respond({ isGet, media, parameters, caller, authorization, ifNoneMatch: isGet ? ifNoneMatch : undefined, alias }), send))
    return true
  }

  const post = (request: IncomingMessage, response: ServerResponse, media: ResponseMedia, caller: Caller): void => {
    readWhole(request, (body) => {
      const { headers } = request
      const alias = aliasOf(caller.rights, postMark, body.toString('latin1'))
      if (alias !== null && answerReady(response, 'POST', headers, alias, media)) return
      if (answer(response, 'POST', headers, alias, media, caller, attempt(() => readParameters(parseBody(bodyText(body)))))) return
      bodies.set(request, body)
      next(request, response)
    })
  }

  return (request, response) => {
    const { method, url = '', headers } = request
    const media = url.startsWith(path) && isOwnSite(headers) ? mediaFor(headers.accept) : null
    const caller = media === null ? null : callers.known(headers.authorization)
    if (media === null || caller === null) return next(request, response)
    if (method === 'GET' && url[path.length] === '?') {
      const alias = aliasOf(caller.rights, getMark, url)
      if (alias !== null && answerReady(response, method, headers, alias, media)) return
      if (answer(response, method, headers, alias, media, caller, attempt(() => readGet(url)))) return
    } else if (method === 'POST' && url.length === path.length && isSmallJson(headers, bodyLimit)) {
      return post(request, response, media, caller)
    }
    next(request, response)
  }
}

/** The text by which a request's answer is found; null for one too long to be remembered. */
function aliasOf(rights: string, mark: string, text: string): string | null {
  if (text.length > longestAlias) return null
  // A URL of the public is found as it came, without a copy: it begins with a slash, where all else begins with rights (a bracket) or a mark.
  return mark === getMark && rights === '' ? text : `${rights}${mark}${text}`
}

/** Gives Fastify the bodies that the fast lane has read; call it before the server is ready. */
export function handOverBodies(app: FastifyInstance): void {
  app.addHook('preParsing', async ({ raw }, _reply, payload) => {
    const body = bodies.get(raw)
    return body === undefined ? payload : Readable.from([body], { objectMode: false })
  })
}

const mediaByAccept = new Map<string, ResponseMedia | null>()
const mostAccepts = 100

function mediaFor(accept: string | undefined): ResponseMedia | null {
  const text = accept ?? ''
  let media = mediaByAccept.get(text)
  if (media === undefined) {
    media = attempt(() => negotiate(accept))
    if (mediaByAccept.size < mostAccepts) mediaByAccept.set(text, media)
  }
  return media
}

function attempt<Result>(work: () => Result): Result | null {
  try {
    return work()
  } catch {
    return null
  }
}
