import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { bodyText } from '../../../runtime/graphql/body.ts'
import { negotiate, type ResponseMedia } from '../../../runtime/graphql/media.ts'
import { parseBody, readParameters, type Parameters } from '../../../runtime/graphql/parameters.ts'
import { beforeRouter, type Handler, isOwnSite, isSmallJson, readWhole } from '../../../runtime/http/before-router.ts'
import type { ServerFigures } from '../../../runtime/http/figures.ts'
import { endServerSpan, givenRequestId, openRequest, requestIdHeader, runRequest } from '../../../runtime/request.ts'
import type { Tracing } from '../../../runtime/tracing.ts'
import { after } from '../../../subgraphs/shared/soon.ts'
import type { Caller } from '../../../runtime/identity/caller.ts'
import type { NodeCallers } from './caller.ts'
import type { OperationList } from './documents.ts'
import { readGet } from './http.ts'
import type { Responder, Response } from './responder.ts'
import { sendTogether } from './sending.ts'

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
  const write = sendTogether()
  const isQuery = (parameters: Parameters): boolean => {
    try {
      return operations.find(parameters).type === 'query'
    } catch {
      return false
    }
  }

  const answer = ({ method = '', headers }: IncomingMessage, response: ServerResponse, alias: string, isGet: boolean, media: ResponseMedia, caller: Caller, { authorization, 'if-none-match': ifNoneMatch }: IncomingHttpHeaders, read: () => Parameters): boolean => {
    const startedAt = performance.now()
    figures.entered()
    const known = alias.length <= longestAlias ? `${caller.rights}${isGet ? getMark : postMark}${alias}` : null
    const ready = known === null ? null : responder.ready(known, isGet, media, ifNoneMatch)
    if (ready !== null) {
      // Nothing is logged of it: only who has a name for it is given that back.
      const id = givenRequestId(headers)
      if (id !== null) ready.head.push(requestIdHeader, id)
      write(response, ready)
      figures.left(method, path, ready.status, (performance.now() - startedAt) / 1000)
      return true
    }
    const parameters = attempt(read)
    if (parameters === null || !isQuery(parameters)) {
      figures.passed()
      return false
    }
    const context = openRequest(headers, tracing, `${method} ${path}`)
    const send = (made: Response): void => {
      made.head.push(requestIdHeader, context.id)
      write(response, made)
      figures.left(method, path, made.status, (performance.now() - startedAt) / 1000)
      endServerSpan(context, method, path, made.status)
    }
    void runRequest(context, () => after(responder.respond({ isGet, media, parameters, caller, authorization, ifNoneMatch, alias: known }), send))
    return true
  }

  const post = (request: IncomingMessage, response: ServerResponse, media: ResponseMedia, caller: Caller): void => {
    readWhole(request, (body) => {
      if (answer(request, response, body.toString('latin1'), false, media, caller, { authorization: request.headers.authorization }, () => readParameters(parseBody(bodyText(body))))) return
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
      if (answer(request, response, url, true, media, caller, headers, () => readGet(url))) return
    } else if (method === 'POST' && url.length === path.length && isSmallJson(headers, bodyLimit)) {
      return post(request, response, media, caller)
    }
    next(request, response)
  }
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
