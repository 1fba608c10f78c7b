import { setTimeout as pause } from 'node:timers/promises'
import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { AisleError } from '../../../runtime/errors.ts'
import { isObject } from '../../../runtime/json.ts'
import { EventQueue } from '../event-queue.ts'
import { type RequestScope, SubscriptionRefused, type SubgraphReply } from '../types.ts'
import { Recovery } from './recovery.ts'
import type { EventSource, SourceOptions } from './source.ts'

/** Events that may wait to be joined with other subgraphs' data, and how large they may be together, in events of the largest size. */
const queueCapacity = 1_000

/** A close that no further attempt will change: the codes of the protocol for requests that are not allowed or not understood. */
const refusals: ReadonlySet<number> = new Set([4400, 4401, 4403, 4406])

/** Subscriptions to one subgraph over graphql-ws. Equal callers share one connection, others never do. */
export class WebSocketSource implements EventSource {
  readonly #url: string
  readonly #options: SourceOptions
  readonly #connections = new Map<string, Connection>()

  constructor(url: string, options: SourceOptions) {
    this.#url = url.replace(/^http/, 'ws')
    this.#options = options
  }

  async *subscribe(body: string, scope: RequestScope): AsyncGenerator<SubgraphReply, void, undefined> {
    if (scope.signal.aborted) return
    const { maxResponseBytes, newestOnly } = this.#options
    const connection = this.#enter(scope)
    const events = new EventQueue<SubgraphReply>({ capacity: queueCapacity, maxBytes: maxResponseBytes, newestOnly })
    const stop = connection.client.subscribe(readRequest(body), {
      next(result) {
        const taken = events.push({ data: isObject(result.data) ? result.data : null, errors: result.errors }, connection.lastBytes())
        if (!taken) events.end(new AisleError('SUBSCRIPTION_INTERRUPTED', 'The subscription was ended because its events came faster than they could be completed.'))
      },
      error: (error) => events.end(failureOf(error, connection.recovery.reached)),
      complete: () => events.end(),
    })
    const leave = (): void => events.end()
    scope.signal.addEventListener('abort', leave)
    try {
      yield* events.drain()
    } finally {
      scope.signal.removeEventListener('abort', leave)
      stop()
      if (--connection.users === 0) this.#connections.delete(scope.caller)
    }
  }

  #enter(scope: RequestScope): Connection {
    const { caller } = scope
    let connection = this.#connections.get(caller)
    if (connection === undefined) {
      connection = openConnection(this.#url, () => scope.headers, this.#options)
      this.#connections.set(caller, connection)
    }
    connection.users++
    return connection
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#connections.values()]
    this.#connections.clear()
    for (const { client } of open) await client.dispose()
  }
}

interface Connection {
  readonly client: Client
  readonly recovery: Recovery
  /** Size of the message that came last. */
  readonly lastBytes: () => number
  /** Subscriptions on it. */
  users: number
}

/** @param headers read at each attempt: what they vouch for is good for a while only */
function openConnection(url: string, headers: () => Readonly<Record<string, string>>, { timeoutMs, maxResponseBytes, streamRetryMs, streamSilenceMs }: SourceOptions): Connection {
  const recovery = new Recovery(streamRetryMs)
  let lastBytes = 0
  class Socket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols ?? [], { headers: { ...headers() }, handshakeTimeout: timeoutMs, maxPayload: maxResponseBytes })
      this.on('message', (data) => {
        lastBytes = Buffer.isBuffer(data) ? data.length : 0
      })
    }
  }
  let unanswered: NodeJS.Timeout | undefined
  const client = createClient({
    url,
    webSocketImpl: Socket,
    connectionParams: () => ({ ...headers() }),
    connectionAckWaitTimeout: timeoutMs,
    keepAlive: streamSilenceMs / 2,
    retryAttempts: Infinity,
    shouldRetry: (reason) => refusalOf(reason) === null && recovery.mayRetry(),
    retryWait: () => pause(recovery.nextPause()),
    on: {
      connected: () => recovery.found(),
      // A process that hangs keeps its connection: only an answer shows that someone is still there.
      ping(received) {
        if (!received) unanswered = setTimeout(() => client.terminate(), streamSilenceMs / 2)
      },
      pong(received) {
        if (received) clearTimeout(unanswered)
      },
      closed: () => clearTimeout(unanswered),
    },
  })
  return { client, recovery, lastBytes: () => lastBytes, users: 0 }
}

function readRequest(body: string): { query: string; operationName?: string; variables?: Record<string, unknown> } {
  const request: unknown = JSON.parse(body)
  if (!isObject(request) || typeof request.query !== 'string') throw new TypeError('a subscription needs a document')
  const { query, operationName, variables } = request
  return { query, ...(typeof operationName === 'string' ? { operationName } : {}), ...(isObject(variables) ? { variables } : {}) }
}

function failureOf(error: unknown, reached: boolean): Error {
  if (Array.isArray(error)) return new SubscriptionRefused(error)
  const refusal = refusalOf(error)
  if (refusal !== null) return new AisleError('SUBGRAPH_SUBSCRIPTION_REFUSED', undefined, { details: { status: refusal }, cause: error })
  return new AisleError(reached ? 'SUBSCRIPTION_INTERRUPTED' : 'SUBGRAPH_UNREACHABLE', undefined, { cause: error })
}

/** The HTTP status or close code with which a connection was refused for good; null for one that is merely not there. */
function refusalOf(error: unknown): number | null {
  if (!isObject(error)) return null
  const { code, message } = error
  if (typeof code === 'number') return refusals.has(code) ? code : null
  if (String(message).includes('subprotocol')) return 4406
  const status = Number(/Unexpected server response: (\d+)/.exec(String(message))?.[1] ?? 0)
  return status === 0 || status >= 500 ? null : status
}
