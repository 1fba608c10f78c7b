import type { IncomingMessage, Server } from 'node:http'
import { GraphQLError, parse, validate, type ExecutionArgs, type GraphQLFormattedError, type GraphQLSchema } from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

/** How long a client has to answer that it closes too, in milliseconds. */
const closingMs = 2_000

/** What a socket's operations run on. */
export interface SocketOptions {
  readonly schema: GraphQLSchema
  /** A fresh context for each operation. */
  readonly contextOf: (request: IncomingMessage) => object
  readonly formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError
  /** Called with +1 and -1 as subscriptions come and go. */
  readonly observe: (change: 1 | -1) => void
}

/** graphql-ws at `/graphql` of an HTTP server. Disposing closes every socket with 1001 (going away): clients then reconnect. */
export function serveSocket(server: Server, { schema, contextOf, formatError, observe }: SocketOptions): AsyncDisposable {
  const sockets = new WebSocketServer({ server, path: '/graphql', maxPayload: 1024 * 1024 })
  const format = (errors: readonly GraphQLError[]): GraphQLFormattedError[] => errors.map((error) => formatError(error.toJSON(), error))
  const { dispose } = useServer(
    {
      onSubscribe: (_context, _id, payload) => prepare(schema, payload),
      context: ({ extra }) => contextOf(extra.request),
      onOperation(_context, _id, _payload, _args, result) {
        if (!(Symbol.asyncIterator in result)) return
        observe(1)
        return counted(result[Symbol.asyncIterator](), () => observe(-1))
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

/** The same results; `ended` is called once, however they end. */
function counted<Result>(results: AsyncIterator<Result>, ended: () => void): AsyncGenerator<Result, void, void> {
  let open = true
  const end = (): void => {
    if (open) ended()
    open = false
  }
  return {
    async next() {
      try {
        const step = await results.next()
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
