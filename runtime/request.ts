import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { noSpan, type TraceSpan, type Tracing } from './tracing.ts'

/** In every request and in every answer: names the request in the logs of all processes that had to do with it. */
export const requestIdHeader = 'x-request-id'

/** What a client may call its request; anything else is replaced, so that no log line is forged and none grows without end. */
const wellFormed = /^[\w.:+/=-]{1,128}$/

/** One request, known to everything that is done for it. */
export interface RequestContext {
  readonly id: string
  readonly span: TraceSpan
}

/** What nobody asked for. */
export const noRequest: RequestContext = { id: '', span: noSpan }

/** The beginning of the ids that this process gives, which no other's have; what follows counts. */
const ownIds = randomUUID().slice(0, -12)
let idsGiven = 0

const requests = new AsyncLocalStorage<RequestContext>()

/** The request that this is done for; undefined for what the process does by itself. */
export function currentRequest(): RequestContext | undefined {
  return requests.getStore()
}

/** The span that new ones belong below. */
export function currentSpan(): TraceSpan {
  return requests.getStore()?.span ?? noSpan
}

/** Does `work` as a part of the request, over all its awaits. */
export function runRequest<Result>(context: RequestContext, work: () => Result): Result {
  return requests.run(context, work)
}

/** The id that a request came with, if it is well-formed. */
export function givenRequestId(headers: IncomingHttpHeaders): string | null {
  const given = headers[requestIdHeader]
  return typeof given === 'string' && wellFormed.test(given) ? given : null
}

/** Like a UUID, at a fraction of what one costs. */
function freshId(): string {
  idsGiven += 1
  return ownIds + idsGiven.toString(16).padStart(12, '0')
}

/** Takes a request in: under the id that it has, or a fresh one, which its headers then hold too. */
export function openRequest(headers: IncomingHttpHeaders, tracing: Tracing, name: string): RequestContext {
  const id = givenRequestId(headers) ?? freshId()
  headers[requestIdHeader] = id
  return { id, span: tracing.serve(name, headers) }
}

/** Ends the span of a request that was answered, or given up. */
export function endServerSpan({ id, span }: RequestContext, method: string, route: string, status: number): void {
  if (!span.recording) return
  span.set({ 'http.request.method': method, 'http.route': route, 'http.response.status_code': status, 'aisle.request_id': id })
  if (status >= 500) span.fail(String(status))
  span.end()
}
