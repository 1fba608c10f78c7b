import type { Server } from 'node:http'
import { execute, GraphQLError, parse, subscribe, validate, type ExecutionArgs, type GraphQLFormattedError, type GraphQLSchema } from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { AisleError } from '../../runtime/errors.ts'
import { CarefulSocket } from '../../runtime/graphql/careful-socket.ts'
import type { Caller } from '../../runtime/identity/caller.ts'
import { unauthenticatedClose } from '../../runtime/identity/expiry.ts'
import { endServerSpan, noRequest, openRequest, type RequestContext, runRequest } from '../../runtime/request.ts'
import type { Tracing } from '../../runtime/tracing.ts'
import type { Authenticate } from './principal.ts'

/** How long a client has to answer that it closes too, in milliseconds. */
const closingMs = 2_000

/** What a socket's operations run on. */
export interface SocketOptions {
  readonly schema: GraphQLSchema
  /** Who opened a socket, by the headers it was opened with. */
  readonly authenticate: Authenticate
  /** A fresh context for each operation. */
  readonly contextOf: (caller: Caller) => object
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError
  /** Called with +1 and -1 as subscriptions come and go. */
  readonly observe: (change: 1 | -1) => void
  readonly tracing: Tracing
}

/** graphql-ws at `/graphql` of an HTTP server. Disposing closes every socket with 1001 (going away): clients then reconnect. */
export function serveSocket(server: Server, { schema, authenticate, contextOf, formatError, observe, tracing }: SocketOptions): AsyncDisposable {
  const sockets = new WebSocketServer({ server, WebSocket: CarefulSocket, path: '/graphql', maxPayload: 1024 * 1024 })
  const format = (errors: readonly GraphQLError[]): GraphQLFormattedError[] => errors.map((error) => formatError(error.toJSON(), error))
  const callers = new WeakMap<object, Caller>()
  const requests = new WeakMap<object, RequestContext>()
  const requestOf = ({ contextValue }: ExecutionArgs): RequestContext => requests.get(contextValue as object) ?? noRequest
  const { dispose } = useServer(
    {
      onSubscribe: (_context, _id, payload) => prepare(schema, payload),
      async onConnect(context) {
        const { socket, request } = context.extra
        try {
          callers.set(context, await authenticate(request.headers))
          return true
        } catch (error) {
          // The gateway that opened it comes back with a fresh word for who asks.
          socket.close(unauthenticatedClose, AisleError.is(error) ? error.code : '')
          return false
        }
      },
      context(context) {
        const caller = callers.get(context)
        if (caller === undefined) throw new AisleError('UNAUTHENTICATED')
        const own = contextOf(caller)
        requests.set(own, openRequest({ ...context.extra.request.headers }, tracing, 'WS /graphql'))
        return own
      },
      execute: (args) => runRequest(requestOf(args), () => execute(args)),
      subscribe: (args) => runRequest(requestOf(args), () => subscribe(args)),
      onOperation(_context, _id, _payload, args, result) {
        const request = requestOf(args)
        // A subscription may live for months: its span tells how it began.
        endServerSpan(request, 'GET', '/graphql', 101)
        if (!(Symbol.asyncIterator in result)) return
        observe(1)
        return counted(result[Symbol.asyncIterator](), request, () => observe(-1))
      },
      onNext(_context, _id, _payload, _args, { data = null, errors }) {
        return errors === undefined ? undefined : { data, errors: format(errors) }
      },
      onError: (_context, _id, _payload, errors) => format(errors),
    },
    sockets,
  )
  return {
    async [Symbol.asyncDispose]() {
      // A client that does not answer the closing handshake must not hold up the process.
      const timer = setTimeout(() => {
        for (const client of sockets.clients) client.terminate()
      }, closingMs)
      await dispose()
      clearTimeout(timer)
    },
  }
}

/** What to execute, or why it cannot be: left to graphql-ws, a syntax error would close the socket under everyone who shares it. */
function prepare(schema: GraphQLSchema, { query, operationName, variables }: SubscribePayload): ExecutionArgs | readonly GraphQLError[] {
  try {
    const document = parse(query)
    const errors = validate(schema, document)
    return errors.length > 0 ? errors : { schema, document, operationName: operationName ?? null, variableValues: variables ?? null }
  } catch (error) {
    if (error instanceof GraphQLError) return [error]
    throw error
  }
}

/** The same results, each made as a part of the request; `ended` is called once, however they end. */
function counted<Result>(results: AsyncIterator<Result>, request: RequestContext, ended: () => void): AsyncGenerator<Result, void, void> {
  let open = true
  const end = (): void => {
    if (open) ended()
    open = false
  }
  return {
    async next() {
      try {
        const step = await runRequest(request, () => results.next())
        if (step.done !== true) return step
        end()
        return { done: true, value: undefined }
      } catch (error) {
        end()
        throw error
      }
    },
    async return() {
      end()
      await results.return?.()
      return { done: true, value: undefined }
    },
    async throw(error: unknown) {
      end()
      await results.return?.()
      throw error
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      await this.return()
    },
  }
}
