import { setTimeout as pause } from 'node:timers/promises'
import { type Dispatcher, Pool } from 'undici'
import { AisleError } from '../../../runtime/errors.ts'
import { isObject, parseJson } from '../../../runtime/json.ts'
import { type RequestScope, SubscriptionRefused, type SubgraphReply } from '../types.ts'
import { EventStreamReader, type StreamEvent } from './event-stream.ts'
import { Recovery } from './recovery.ts'
import { SilenceWatch } from './silence.ts'
import type { EventSource, SourceOptions } from './source.ts'

const ownHeaders = { 'content-type': 'application/json', accept: 'text/event-stream' }

/** An answer that says nothing about the subscription: a balancer's, or that of a process which starts or stops. */
const unavailable: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])

/** Subscriptions to one subgraph over server-sent events, a connection each (GraphQL over SSE, "distinct connections mode"). */
export class EventStreamSource implements EventSource {
  readonly #pool: Pool
  readonly #path: string
  readonly #options: SourceOptions

  constructor(url: string, options: SourceOptions) {
    const { origin, pathname, search } = new URL(url)
    this.#pool = new Pool(origin, { connections: null, pipelining: 1, headersTimeout: options.timeoutMs, bodyTimeout: 0, connect: { timeout: options.timeoutMs } })
    this.#path = pathname + search
    this.#options = options
  }

  async *subscribe(body: string, scope: RequestScope): AsyncGenerator<SubgraphReply, void, undefined> {
    const recovery = new Recovery(this.#options.streamRetryMs)
    while (!scope.signal.aborted) {
      let lost: unknown
      try {
        if (yield* this.#connection(body, scope, recovery)) return
      } catch (error) {
        if (scope.signal.aborted) return
        if (error instanceof SubscriptionRefused || (AisleError.is(error) && error.code !== 'SUBGRAPH_UNREACHABLE')) throw error
        lost = error
      }
      if (!recovery.mayRetry()) throw new AisleError(recovery.reached ? 'SUBSCRIPTION_INTERRUPTED' : 'SUBGRAPH_UNREACHABLE', undefined, { cause: lost })
      await pause(recovery.nextPause(), undefined, { signal: scope.signal }).catch(() => {})
    }
  }

  /** The events of one connection. True when the subgraph has completed the subscription, false when the connection just ended. */
  async *#connection(body: string, { headers, signal }: RequestScope, recovery: Recovery): AsyncGenerator<SubgraphReply, boolean, undefined> {
    const silence = new SilenceWatch(this.#options.streamSilenceMs)
    const answer = await this.#pool.request({ path: this.#path, method: 'POST', headers: { ...headers, ...ownHeaders }, body, signal: AbortSignal.any([signal, silence.signal]) })
    // Reading tells of every failure; one that comes when nobody reads any more is of no interest.
    answer.body.on('error', () => {})
    try {
      await requireEvents(answer)
      recovery.found()
      const reader = new EventStreamReader(this.#options.maxResponseBytes)
      for await (const piece of answer.body) {
        silence.onSign()
        for (const { name, data } of readEvents(reader, piece)) {
          if (name === null) silence.onHeartbeat()
          else if (name === 'complete') return true
          else if (name === 'next' || name === 'message') yield readEvent(data)
        }
      }
      return false
    } finally {
      silence[Symbol.dispose]()
      answer.body.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }
}

/** @throws SubscriptionRefused with the subgraph's own errors; AisleError SUBGRAPH_SUBSCRIPTION_REFUSED, SUBGRAPH_UNREACHABLE */
async function requireEvents({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<void> {
  if (statusCode === 200 && String(headers['content-type']).startsWith('text/event-stream')) return
  if (unavailable.has(statusCode)) throw new AisleError('SUBGRAPH_UNREACHABLE', undefined, { details: { status: statusCode } })
  const answer = parseJson(await body.text())
  if (isObject(answer) && Array.isArray(answer.errors) && answer.errors.length > 0) throw new SubscriptionRefused(answer.errors)
  throw new AisleError('SUBGRAPH_SUBSCRIPTION_REFUSED', undefined, { details: { status: statusCode } })
}

/** @throws AisleError SUBGRAPH_BAD_RESPONSE */
function readEvents(reader: EventStreamReader, piece: unknown): StreamEvent[] {
  try {
    return piece instanceof Uint8Array ? reader.read(piece) : []
  } catch (cause) {
    throw new AisleError('SUBGRAPH_BAD_RESPONSE', undefined, { cause })
  }
}

/** @throws AisleError SUBGRAPH_BAD_RESPONSE */
function readEvent(text: string): SubgraphReply {
  const event = parseJson(text)
  if (!isObject(event)) throw new AisleError('SUBGRAPH_BAD_RESPONSE')
  return { data: isObject(event.data) ? event.data : null, errors: event.errors }
}
