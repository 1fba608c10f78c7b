import { challengeOf } from '../../../runtime/identity/bearer.ts'
import { AisleError } from '../../../runtime/errors.ts'
import { plainJson, statusFor, type ResponseMedia } from '../../../runtime/graphql/media.ts'
import type { Parameters } from '../../../runtime/graphql/parameters.ts'
import type { Logger } from '../../../runtime/log.ts'
import { after, isPromise, type Later } from '../../../subgraphs/shared/soon.ts'
import { digestTag, unkept, type Answers, type ReadyAnswer } from '../cache/answers.ts'
import type { Caller } from '../../../runtime/identity/caller.ts'
import type { DataStatus } from '../data.ts'
import type { PassThrough } from '../pass-through/pass-through.ts'
import type { OperationList } from './documents.ts'
import { failure } from './faults.ts'
import { ageText, currentAgeText, currentFreshness, type AgeText } from './freshness.ts'

/** What else than its URL an answer depends on. */
const varies = 'accept, origin, authorization'

/** What is sent: names and values of the head in turn, and the body's bytes, one character each. */
export interface Response {
  readonly status: number
  readonly head: string[]
  readonly body: string
}

/** A request as far as its answer depends on it. */
export interface Request {
  readonly isGet: boolean
  readonly media: ResponseMedia
  readonly parameters: Parameters
  readonly caller: Caller
  /** The caller's own header, for the gateway. */
  readonly authorization: string | undefined
  /** The value of If-None-Match, for a GET. */
  readonly ifNoneMatch: string | undefined
  /** See `Asked`. */
  readonly alias: string | null
}

/** Makes responses, whoever sends them. */
export interface Responder {
  /** The response to a request seen before, if its bytes are ready. */
  ready(alias: string, isGet: boolean, media: ResponseMedia, ifNoneMatch: string | undefined): Response | null
  /** Never throws nor rejects: what fails is answered as its fault. */
  respond(request: Request): Later<Response>
  /** @param allow what METHOD_NOT_ALLOWED says may be used instead */
  fail(error: unknown, media?: ResponseMedia, allow?: string): Response
}

/** GraphQL over HTTP for persisted operations: POST anything, GET queries, which may be answered by 304. */
export function createResponder({ operations, answers, passThrough = null, status, log }: {
  readonly operations: OperationList
  readonly answers: Answers
  /** Null where there is no gateway to ask. */
  readonly passThrough?: PassThrough | null
  readonly status: () => DataStatus
  readonly log: Logger
}): Responder {
  const current = currentAgeText(status)

  const fail: Responder['fail'] = (error, media = plainJson, allow = 'POST') => {
    const { fault, errors } = failure(error, log)
    const { age, close } = ageText(currentFreshness(status()))
    const bytes = Buffer.from(`{"errors":${JSON.stringify(errors)}`).toString('latin1')
    const head = ['age', age, 'etag', digestTag(bytes), 'content-type', `${media}; charset=utf-8`, 'cache-control', 'no-store']
    if (fault.code === 'METHOD_NOT_ALLOWED') head.push('allow', allow)
    const challenge = challengeOf(fault)
    if (challenge !== null) head.push('www-authenticate', challenge)
    const body = bytes + close
    head.push('content-length', String(body.length))
    return { status: statusFor(fault.code, fault.status, media), head, body }
  }

  return {
    fail,
    ready(alias, isGet, media, ifNoneMatch) {
      const kept = answers.find(alias)
      return kept === null || (kept.lacks && passThrough?.available === true) ? null : success(kept, current(), isGet, media, ifNoneMatch)
    },
    respond({ isGet, media, parameters, caller, authorization, ifNoneMatch, alias }) {
      const give = (answer: ReadyAnswer): Response => success(answer, answer.edge === null ? current() : ageText(answer.edge), isGet, media, ifNoneMatch)
      try {
        const operation = operations.find(parameters)
        if (operation.type === 'subscription') throw new AisleError('BAD_REQUEST', 'A subscription needs graphql-ws: open a WebSocket on this path.')
        if (isGet && operation.type !== 'query') throw new AisleError('METHOD_NOT_ALLOWED')
        const { variables } = parameters
        const made = after(answers.answer({ operation, variables, caller, alias }), (own) => {
          if (!own.lacks || operation.type !== 'query' || passThrough === null) return give(own)
          return passThrough.complete(operation, variables, caller, authorization).then((completed) => give(completed === null ? own : unkept(completed)))
        })
        return isPromise(made) ? made.then(null, (error: unknown) => fail(error, media)) : made
      } catch (error) {
        return fail(error, media)
      }
    },
  }
}

function success({ bytes, etag }: { readonly bytes: string; readonly etag: string }, { age, close }: AgeText, isGet: boolean, media: ResponseMedia, ifNoneMatch: string | undefined): Response {
  const caching = isGet ? 'no-cache' : 'no-store'
  if (isGet && ifNoneMatch !== undefined && isHeld(ifNoneMatch, etag)) return { status: 304, head: ['age', age, 'etag', etag, 'vary', varies, 'cache-control', caching], body: '' }
  const type = media === plainJson ? 'application/json; charset=utf-8' : `${media}; charset=utf-8`
  const body = bytes + close
  return { status: 200, head: ['age', age, 'etag', etag, 'vary', varies, 'cache-control', caching, 'content-type', type, 'content-length', String(body.length)], body }
}

/** Whether If-None-Match names this answer: by weak comparison, or as any at all (RFC 9110, 13.1.2). */
function isHeld(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === etag) return true
  const opaque = etag.slice('W/'.length)
  return ifNoneMatch.split(',').some((each) => {
    const tag = each.trim()
    return tag === '*' || tag === opaque || tag === etag
  })
}
