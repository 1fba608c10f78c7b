import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { AisleError } from '../../runtime/errors.ts'
import { isObject } from '../../runtime/json.ts'
import { EventQueue } from './event-queue.ts'
import { type RequestScope, SubscriptionRefused, type SubgraphReply } from './types.ts'

/** Events that may wait for one slow client before its subscription is ended. */
const queueCapacity = 1_000
/** Attempts to reach a subgraph again once its connection was lost, and the longest pause between them in milliseconds. */
const retryAttempts = 6
const maxPauseMs = 5_000

/**
 * Subscriptions to one subgraph over graphql-ws. Callers that are the same, with equal propagated headers, share one
 * connection, others never do. A lost connection is reopened with back-off and its subscriptions resumed; what happened meanwhile is not replayed.
 */
export class SubgraphStreams implements AsyncDisposable {
  readonly #url: string
  readonly #connections = new Map<string, Connection>()

  constructor(httpUrl: string) {
    this.#url = httpUrl.replace(/^http/, 'ws')
  }

  /** @throws AisleError SUBGRAPH_UNREACHABLE, SUBSCRIPTION_INTERRUPTED; SubscriptionRefused */
  async *subscribe(body: string, scope: RequestScope): AsyncGenerator<SubgraphReply, void, undefined> {
    if (scope.signal.aborted) return
    const connection = this.#connect(scope)
    const events = new EventQueue<SubgraphReply>(queueCapacity)
    const stop = connection.client.subscribe(readRequest(body), {
      next(result) {
        const taken = events.push({ data: isObject(result.data) ? result.data : null, errors: result.errors })
        if (!taken) events.end(new AisleError('SUBSCRIPTION_INTERRUPTED', 'The subscription was ended because its events were not read fast enough.'))
      },
      error: (error) => events.end(failureOf(error, connection.reached())),
      complete: () => events.end(),
    })
    const leave = (): void => events.end()
    scope.signal.addEventListener('abort', leave)
    try {
      yield* events.drain()
    } finally {
      scope.signal.removeEventListener('abort', leave)
      stop()
    }
  }

  #connect(scope: RequestScope): Connection {
    const known = this.#connections.get(scope.caller)
    if (known !== undefined) return known
    const connection = openConnection(this.#url, () => scope.headers, () => this.#connections.delete(scope.caller))
    this.#connections.set(scope.caller, connection)
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
  /** True once the subgraph has ever accepted the connection. */
  readonly reached: () => boolean
}

/** @param headers read at each attempt: what they vouch for is good for a while only */
function openConnection(url: string, headers: () => Readonly<Record<string, string>>, onClosed: () => void): Connection {
  let reached = false
  class WithHeaders extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols ?? [], { headers: { ...headers() } })
    }
  }
  const client = createClient({
    url,
    webSocketImpl: WithHeaders,
    connectionParams: () => ({ ...headers() }),
    retryAttempts,
    shouldRetry: () => reached,
    async retryWait(retries) {
      const pauseMs = Math.min(maxPauseMs, 100 * 2 ** retries) * (0.5 + Math.random() / 2)
      await new Promise((resolve) => {
        setTimeout(resolve, pauseMs)
      })
    },
    on: {
      connected: () => {
        reached = true
      },
      closed: onClosed,
    },
  })
  return { client, reached: () => reached }
}

function readRequest(body: string): { query: string; operationName?: string; variables?: Record<string, unknown> } {
  const request: unknown = JSON.parse(body)
  if (!isObject(request) || typeof request.query !== 'string') throw new TypeError('a subscription needs a document')
  const { query, operationName, variables } = request
  return { query, ...(typeof operationName === 'string' ? { operationName } : {}), ...(isObject(variables) ? { variables } : {}) }
}

function failureOf(error: unknown, reached: boolean): Error {
  if (Array.isArray(error)) return new SubscriptionRefused(error)
  return reached ? new AisleError('SUBSCRIPTION_INTERRUPTED', undefined, { cause: error }) : new AisleError('SUBGRAPH_UNREACHABLE', undefined, { cause: error })
}
