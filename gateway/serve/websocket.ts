import type { Server } from 'node:http'
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError, parse } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { isObject } from '../../runtime/json.ts'
import { authorizationOf } from '../../runtime/identity/bearer.ts'
import { expiredClose, expiredReason, onExpiry, unauthenticatedClose } from '../../runtime/identity/expiry.ts'
import { type Caller, publicCaller } from '../../runtime/identity/caller.ts'
import type { RequestScope } from '../subgraphs/types.ts'
import type { ReadyOperation } from './graph.ts'
import { readParameters } from '../../runtime/graphql/parameters.ts'
import type { GraphService } from './service.ts'

/** The largest message a client may send, in bytes. */
const maxMessageBytes = 1_048_576

/** The protocol library finds out what kind of operation it runs from a document; it needs to know no more than that. */
const kindDocuments = { query: parse('{ a }'), mutation: parse('mutation { a }'), subscription: parse('subscription { a }') }

/** Serves queries, mutations and subscriptions over graphql-ws on `path`. Dispose it before the HTTP server is closed. */
export function serveWebSocket(http: Server, path: string, service: GraphService): AsyncDisposable {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes })
  http.on('upgrade', (request, socket, head) => {
    if ((request.url ?? '').split('?', 1)[0] !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => sockets.emit('connection', webSocket, request))
  })
  const callers = new WeakMap<object, { readonly caller: Caller; readonly expiry: Disposable }>()
  const aborts = new WeakMap<object, Map<string, AbortController>>()
  const server = useServer(
    {
      jsonMessageReviver: reviveMessage,
      async onConnect(context) {
        const { socket, request } = context.extra
        try {
          const { identity } = service.callers
          const caller = await identity.identify(authorizationOf(context.connectionParams) ?? request.headers.authorization)
          if (socket.readyState !== socket.OPEN) return false
          const expiry = onExpiry(caller, () => identity.clockToleranceSeconds, () => socket.close(expiredClose, expiredReason))
          callers.set(context, { caller, expiry })
          return true
        } catch (error) {
          const { code, message } = service.failed(error)
          socket.close(code === 'UNAUTHENTICATED' ? unauthenticatedClose : 1013, `${code}: ${message}`.slice(0, 120))
          return false
        }
      },
      async onSubscribe(context, id, payload) {
        try {
          const caller = callers.get(context)?.caller ?? publicCaller
          const operation = await service.ready(readParameters(payload), caller)
          const abort = new AbortController()
          const running = aborts.get(context) ?? new Map<string, AbortController>()
          aborts.set(context, running.set(id, abort))
          const scope = service.callers.scope(caller, { ...context.extra.request.headers, ...lowerCased(context.connectionParams) }, abort.signal)
          return {
            schema: service.graph.supergraph.schema,
            document: kindDocuments[operation.kind],
            contextValue: { operation, abort, scope },
          }
        } catch (error) {
          return service.failed(error).errors.map((each) => new GraphQLError(each.message, { extensions: each.extensions ?? {} }))
        }
      },
      async execute({ contextValue }) {
        const { operation, scope } = readContext(contextValue)
        return readText((await service.execute(operation, scope)).text)
      },
      subscribe({ contextValue }) {
        const { operation, abort, scope } = readContext(contextValue)
        return abortable(readTexts(service.subscribe(operation, scope)), abort)
      },
      onError(_context, _id, _payload, errors): readonly GraphQLFormattedError[] | undefined {
        const [original] = errors.map(({ originalError }) => originalError).filter((error) => error !== undefined && error !== null)
        return original === undefined ? undefined : service.failed(original).errors
      },
      onComplete(context, id) {
        aborts.get(context)?.get(id)?.abort()
        aborts.get(context)?.delete(id)
      },
      onClose(context) {
        callers.get(context)?.expiry[Symbol.dispose]()
        for (const abort of aborts.get(context)?.values() ?? []) abort.abort()
      },
    },
    sockets,
  )
  return {
    async [Symbol.asyncDispose]() {
      await server.dispose()
      sockets.close()
    },
  }
}

interface Context {
  readonly operation: ReadyOperation
  readonly abort: AbortController
  readonly scope: RequestScope
}

function readContext(value: unknown): Context {
  if (!isContext(value)) throw new TypeError('the operation has lost its context')
  return value
}

function isContext(value: unknown): value is Context {
  return isObject(value) && 'operation' in value && 'abort' in value && 'scope' in value
}

async function* readTexts(events: AsyncGenerator<{ text: string }, void, undefined>): AsyncGenerator<ExecutionResult, void, undefined> {
  for await (const { text } of events) yield readText(text)
}

/** A generator that waits for its next event does not hear that it should return: aborting is what wakes it. */
function abortable<T>(events: AsyncGenerator<T, void, undefined>, abort: AbortController): AsyncGenerator<T, void, undefined> {
  return {
    next: () => events.next(),
    return: () => {
      abort.abort()
      return events.return()
    },
    throw: (error) => {
      abort.abort()
      return events.throw(error)
    },
    [Symbol.asyncIterator]() {
      return this
    },
    [Symbol.asyncDispose]: async () => {
      abort.abort()
      await events.return()
    },
  }
}

/** The protocol library wants its errors as graphql-js makes them. */
function readText(text: string): ExecutionResult {
  const result: unknown = JSON.parse(text)
  const { data, errors } = isObject(result) ? result : {}
  return {
    data: isObject(data) ? data : null,
    ...(Array.isArray(errors) ? { errors: errors.map((error) => toGraphQLError(error)) } : {}),
  }
}

function toGraphQLError(error: unknown): GraphQLError {
  const { message, path, extensions } = isObject(error) ? error : {}
  return new GraphQLError(String(message), { ...(Array.isArray(path) ? { path } : {}), ...(isObject(extensions) ? { extensions } : {}) })
}

/** An operation named by `documentId` needs no document, but the protocol library wants one in every message. */
function reviveMessage(this: unknown, key: string, value: unknown): unknown {
  return key === 'payload' && isObject(value) && 'documentId' in value && !('query' in value) ? { ...value, query: '' } : value
}

function lowerCased(parameters: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [[name.toLowerCase(), value]] : [])))
}

