import { once } from 'node:events'
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError, OperationTypeNode, parse } from 'graphql'
import { CloseCode, handleProtocols, makeServer, type Server } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { AisleError } from '../../runtime/errors.ts'
import { authorizationOf } from '../../runtime/identity/bearer.ts'
import { type Caller, publicCaller } from '../../runtime/identity/caller.ts'
import { expiredClose, expiredReason, onExpiry, unauthenticatedClose } from '../../runtime/identity/expiry.ts'
import { isObject, nestsTooDeeply } from '../../runtime/json.ts'
import { readParameters } from '../../runtime/graphql/parameters.ts'
import { endServerSpan, openRequest, type RequestContext, runRequest } from '../../runtime/request.ts'
import { noSpan, type Tracing } from '../../runtime/tracing.ts'
import { isForeignSocket } from '../../runtime/graphql/csrf.ts'
import type { RequestScope } from '../subgraphs/types.ts'
import type { ReadyOperation } from './graph.ts'
import type { GraphService } from './service.ts'
import { type ClientLimits, closeGraceMs, SocketClient } from './socket-client.ts'

/** The largest message a client may send, in bytes. */
const maxMessageBytes = 1_048_576

/** The protocol library finds out from a document what to do; every operation is run as one whose events go past the library. */
const anyDocument = parse('subscription { a }')

/** Try again later (RFC 6455's registry). */
const laterClose = 1013

interface Extra {
  readonly client: SocketClient
  readonly request: IncomingMessage
  readonly socket: WebSocket
  /** Whose connection it is, once its first message has said so. */
  who: Caller
}

export interface WebSocketOptions {
  readonly path: string
  /** Origins of other sites whose pages may connect; `*` for all. */
  readonly allowOrigin: readonly string[]
  readonly limits: ClientLimits
  readonly tracing: Tracing
}

/** Serves queries, mutations and subscriptions over graphql-ws. Dispose it before or with the HTTP server. */
export function serveWebSocket(http: HttpServer, service: GraphService, { path, allowOrigin, limits, tracing }: WebSocketOptions): AsyncDisposable {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, handleProtocols })
  http.on('upgrade', (request, socket, head) => {
    if ((request.url ?? '').split('?', 1)[0] !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    if (isForeignSocket(request.headers, allowOrigin)) {
      service.failed(new AisleError('CSRF_PREVENTED'))
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => sockets.emit('connection', webSocket, request))
  })
  const server = createProtocol(service, tracing)
  sockets.on('connection', (socket, request) => connect(server, socket, { client: new SocketClient(socket, limits), request, socket, who: publicCaller }))
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.close(1001, 'Going away')
      const closed = once(sockets, 'close')
      sockets.close()
      const timer = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
      }, closeGraceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

/** Lets the protocol library speak over one connection. */
function connect(server: Server<Extra>, socket: WebSocket, extra: Extra): void {
  const { client } = extra
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (message) => client.outflow.send(message),
      close: (code, reason) => socket.close(code, reason),
      onMessage(handle) {
        socket.on('message', (message: Buffer) => {
          client.holdBack()
          const text = message.toString('utf8')
          if (nestsTooDeeply(text)) {
            socket.close(CloseCode.BadRequest, 'The message nests too deeply')
            return
          }
          handle(text).catch(() => socket.close(CloseCode.InternalServerError, 'Internal server error'))
        })
      },
    },
    extra,
  )
  // What is wrong with a connection (a broken frame, a message too large) ends it, and that is all there is to do.
  socket.on('error', () => socket.terminate())
  socket.once('close', (code, reason) => {
    client[Symbol.dispose]()
    void closed(code, String(reason))
  })
}

function createProtocol(service: GraphService, tracing: Tracing): Server<Extra> {
  const refuse = (error: unknown): GraphQLError[] => service.failed(error).errors.map((each) => new RefusedOperation(each))
  return makeServer<Record<string, unknown>, Extra>({
    jsonMessageReviver: reviveMessage,
    async onConnect({ extra, connectionParams }) {
      const { socket, request } = extra
      try {
        extra.who = await service.identity.identify(authorizationOf(connectionParams) ?? request.headers.authorization)
      } catch (error) {
        const { code, message } = service.failed(error)
        socket.close(code === 'UNAUTHENTICATED' ? unauthenticatedClose : laterClose, `${code}: ${message}`)
        return false
      }
      if (socket.readyState !== socket.OPEN) return false
      const expiry = onExpiry(extra.who, () => service.identity.clockToleranceSeconds, () => socket.close(expiredClose, expiredReason))
      socket.once('close', () => expiry[Symbol.dispose]())
      return true
    },
    async onSubscribe({ extra: { client, request, who }, connectionParams }, id, payload) {
      let abort: AbortController | null = null
      try {
        abort = client.enter(id)
        const headers = { ...request.headers, ...lowerCased(connectionParams) }
        const asked = openRequest(headers, tracing, 'WS /graphql')
        const scope = service.scope({ headers, who }, abort.signal)
        const operation = await runRequest(asked, () => service.ready(readParameters(payload), { who, request }))
        return { schema: service.graph.supergraph.schema, document: anyDocument, contextValue: new Running(service, client, { id, abort, scope, operation, asked }) }
      } catch (error) {
        if (abort !== null) client.leave(id, abort)
        return refuse(error)
      }
    },
    subscribe({ contextValue }) {
      if (!(contextValue instanceof Running)) throw new TypeError('the operation has lost its context')
      return contextValue.events()
    },
    onError(_context, _id, _payload, errors): readonly GraphQLFormattedError[] | undefined {
      const [original] = errors.map(({ originalError }) => originalError).filter((error) => error !== undefined && error !== null)
      return original === undefined ? undefined : service.failed(original).errors
    },
  })
}

interface Started {
  readonly id: string
  readonly abort: AbortController
  readonly scope: RequestScope
  readonly operation: ReadyOperation
  readonly asked: RequestContext
}

/** An error as it is shown; the protocol library writes what it finds in it. */
class RefusedOperation extends GraphQLError {
  override readonly locations: GraphQLError['locations']

  constructor({ message, locations, extensions }: GraphQLFormattedError) {
    super(message, { extensions: extensions ?? {} })
    this.locations = locations
  }
}

/** An operation on a connection. Its results are written as they are, for one client like for ten thousand. */
class Running {
  readonly #service: GraphService
  readonly #client: SocketClient
  readonly #started: Started

  constructor(service: GraphService, client: SocketClient, started: Started) {
    this.#service = service
    this.#client = client
    this.#started = started
  }

  /** Starts it. What is returned holds no events, but ends when the operation does, as the protocol library has to know. */
  events(): AsyncGenerator<ExecutionResult, void, undefined> {
    const { abort, asked, operation } = this.#started
    const isLong = operation.kind === OperationTypeNode.SUBSCRIPTION
    // A subscription may live for months: its span tells how it began, and its events are in no trace.
    if (isLong) endServerSpan(asked, 'GET', '/graphql', 101)
    const ended = runRequest(isLong ? { id: asked.id, span: noSpan } : asked, () => this.#run())
    ended.catch(() => {})
    const leave = async (): Promise<IteratorReturnResult<void>> => {
      abort.abort()
      return { done: true, value: undefined }
    }
    return {
      async next() {
        await ended
        return { done: true, value: undefined }
      },
      return: leave,
      throw: leave,
      [Symbol.asyncIterator]() {
        return this
      },
      async [Symbol.asyncDispose]() {
        await leave()
      },
    }
  }

  async #run(): Promise<void> {
    const { id, abort, scope, operation, asked } = this.#started
    const { outflow } = this.#client
    const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`
    try {
      if (operation.kind === OperationTypeNode.SUBSCRIPTION) {
        await this.#service.subscribe(operation, scope, ({ text }) => outflow.event(id, `${head}${text}}`))
        if (!abort.signal.aborted) outflow.flush(id)
      } else {
        const { text } = await this.#service.execute(operation, scope)
        await outflow.answer(`${head}${text}}`)
      }
    } catch (error) {
      // Whoever has left is told nothing.
      if (!abort.signal.aborted) throw error
    } finally {
      this.#client.leave(id, abort)
      if (operation.kind !== OperationTypeNode.SUBSCRIPTION) endServerSpan(asked, 'GET', '/graphql', 101)
    }
    if (AisleError.is(abort.signal.reason)) throw abort.signal.reason
  }
}

/** An operation named by `documentId` needs no document, but the protocol library wants one in every message. */
function reviveMessage(this: unknown, key: string, value: unknown): unknown {
  return key === 'payload' && isObject(value) && 'documentId' in value && !('query' in value) ? { ...value, query: '' } : value
}

function lowerCased(parameters: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [[name.toLowerCase(), value]] : [])))
}
