import type { Server } from 'node:http'
import { GraphQLError, type GraphQLFormattedError, parse } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { isObject } from '../execute/json.ts'
import { propagate } from '../subgraphs/headers.ts'
import type { ReadyOperation } from './graph.ts'
import { readParameters } from './parameters.ts'
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
  const aborts = new WeakMap<object, Map<string, AbortController>>()
  const server = useServer(
    {
      jsonMessageReviver: reviveMessage,
      async onSubscribe(context, id, payload) {
        try {
          const operation = await service.ready(readParameters(payload))
          const abort = new AbortController()
          const running = aborts.get(context) ?? new Map<string, AbortController>()
          aborts.set(context, running.set(id, abort))
          const headers = propagate({ ...context.extra.request.headers, ...lowerCased(context.connectionParams) }, service.propagatedHeaders)
          return {
            schema: service.graph.supergraph.schema,
            document: kindDocuments[operation.kind],
            contextValue: { operation, scope: { headers, signal: abort.signal } },
          }
        } catch (error) {
          return service.failed(error).errors.map((each) => new GraphQLError(each.message, { extensions: each.extensions ?? {} }))
        }
      },
      execute: async ({ contextValue }) => readText((await service.execute(...readContext(contextValue))).text),
      subscribe: ({ contextValue }) => readTexts(service.subscribe(...readContext(contextValue))),
      onError(_context, _id, _payload, errors): readonly GraphQLFormattedError[] | undefined {
        const [original] = errors.map(({ originalError }) => originalError).filter((error) => error !== undefined && error !== null)
        return original === undefined ? undefined : service.failed(original).errors
      },
      onComplete(context, id) {
        aborts.get(context)?.get(id)?.abort()
        aborts.get(context)?.delete(id)
      },
      onClose(context) {
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
  readonly scope: { readonly headers: Record<string, string>; readonly signal: AbortSignal }
}

function readContext(value: unknown): [ReadyOperation, Context['scope']] {
  if (!isContext(value)) throw new TypeError('the operation has lost its context')
  return [value.operation, value.scope]
}

function isContext(value: unknown): value is Context {
  return isObject(value) && 'operation' in value && 'scope' in value
}

async function* readTexts(events: AsyncGenerator<{ text: string }, void, undefined>): AsyncGenerator<Record<string, unknown>, void, undefined> {
  for await (const { text } of events) yield readText(text)
}

function readText(text: string): Record<string, unknown> {
  const result: unknown = JSON.parse(text)
  return isObject(result) ? result : {}
}

/** An operation named by `documentId` needs no document, but the protocol library wants one in every message. */
function reviveMessage(this: unknown, key: string, value: unknown): unknown {
  return key === 'payload' && isObject(value) && 'documentId' in value && !('query' in value) ? { ...value, query: '' } : value
}

function lowerCased(parameters: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [[name.toLowerCase(), value]] : [])))
}

