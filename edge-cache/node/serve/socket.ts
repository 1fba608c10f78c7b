import type { Server } from 'node:http'
import { GraphQLError, type ExecutionResult, type FormattedExecutionResult, type GraphQLSchema } from 'graphql'
import { useServer, type Extra } from 'graphql-ws/use/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { authorizationOf } from '../../../runtime/identity/bearer.ts'
import { expiredClose, expiredReason, onExpiry, unauthenticatedClose } from '../../../runtime/identity/expiry.ts'
import { AisleError } from '../../../runtime/errors.ts'
import { isObject } from '../../../runtime/json.ts'
import { CarefulSocket } from '../../../runtime/graphql/careful-socket.ts'
import { readParameters } from '../../../runtime/graphql/parameters.ts'
import type { Logger } from '../../../runtime/log.ts'
import type { Caller } from '../../../runtime/identity/caller.ts'
import type { NodeCallers } from './caller.ts'
import type { OperationList, PreparedOperation } from './documents.ts'
import type { Answer, Executor } from './execute.ts'
import { failure } from './faults.ts'
import type { Freshness } from './freshness.ts'

/** The largest message a client may send, in bytes. */
const maxMessageBytes = 256 * 1024

/** The most operations that run at once on a connection: a screen needs three, and each takes memory. */
export const mostOperations = 1_000

/** Try again later (RFC 6455's registry). */
const laterClose = 1013

interface Asked {
  readonly operation: PreparedOperation
  readonly variables: Record<string, unknown>
  readonly caller: Caller
}

/**
 * Serves persisted operations over graphql-ws on `path`. The next event is asked for only once the last one has left,
 * so a display that stops reading holds back its own events alone. Dispose it before the HTTP server is closed.
 */
export function serveSocket(http: Server, path: string, { operations, executor, schema, callers, edge, log }: {
  readonly operations: OperationList
  readonly executor: Executor
  readonly schema: GraphQLSchema
  readonly callers: NodeCallers
  /** How old what the node has is now. */
  readonly edge: () => Freshness
  readonly log: Logger
}): AsyncDisposable {
  const sockets = new WebSocketServer({ noServer: true, WebSocket: CarefulSocket, maxPayload: maxMessageBytes })
  http.on('upgrade', (request, socket, head) => {
    if ((request.url ?? '').split('?', 1)[0] !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => sockets.emit('connection', webSocket, request))
  })
  const known = new WeakMap<object, Caller>()
  const asErrors = (error: unknown): GraphQLError[] => failure(error, log).errors.map(({ message, extensions }) => new GraphQLError(message, { extensions: extensions ?? {} }))
  const refusal = (error: unknown): ExecutionResult => ({ errors: asErrors(error), extensions: { edge: edge() } })
  const server = useServer(
    {
      jsonMessageReviver: allowNoDocument,
      async onConnect(context) {
        const { socket, request } = context.extra as Extra
        try {
          const caller = await callers.identify(authorizationOf(context.connectionParams) ?? request.headers.authorization)
          const expiry = onExpiry(caller, () => callers.graceSeconds(), () => socket.close(expiredClose, expiredReason))
          socket.once('close', () => expiry[Symbol.dispose]())
          known.set(context, caller)
          return true
        } catch (error) {
          const { fault } = failure(error, log)
          socket.close(fault.code === 'UNAUTHENTICATED' ? unauthenticatedClose : laterClose, `${fault.code}: ${fault.message}`)
          return false
        }
      },
      onSubscribe(context, _id, payload) {
        try {
          // Itself among them.
          if (Object.keys(context.subscriptions).length > mostOperations) throw new AisleError('TOO_MANY_OPERATIONS', `More than ${mostOperations} operations run on this connection: complete some first, or open another.`)
          const parameters = readParameters(payload)
          const operation = operations.find(parameters)
          const asked: Asked = { operation, variables: parameters.variables, caller: known.get(context) ?? callers.everyone }
          return { schema, document: operation.document, contextValue: asked }
        } catch (error) {
          return asErrors(error)
        }
      },
      async execute({ contextValue }) {
        const { operation, variables, caller } = contextValue as Asked
        try {
          return asResult(await executor.run(operation, variables, caller))
        } catch (error) {
          // What is thrown would close the socket, and with it all else that runs over it.
          return refusal(error)
        }
      },
      async subscribe({ contextValue }) {
        const { operation, variables, caller } = contextValue as Asked
        try {
          return results(await executor.subscribe(operation, variables, caller))
        } catch (error) {
          return refusal(error)
        }
      },
      onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,
      onError: (_context, _id, _payload, errors) =>
        errors.flatMap((error) => (error.originalError === undefined || error.originalError === null ? [error.toJSON()] : failure(error.originalError, log).errors)),
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

async function* results(answers: AsyncIterableIterator<Answer>): AsyncGenerator<ExecutionResult, void, undefined> {
  for await (const answer of answers) yield asResult(answer)
}

/** Errors are formatted already; `onNext` hands the result on as it is. */
function asResult({ data, errors, edge }: Answer): ExecutionResult {
  return { data, ...(errors.length === 0 ? {} : { errors }), extensions: { edge } } as ExecutionResult
}

/** An operation named by `documentId` needs no document, but the protocol library wants one in every message. */
function allowNoDocument(this: unknown, key: string, value: unknown): unknown {
  return key === 'payload' && isObject(value) && 'documentId' in value && !('query' in value) ? { ...value, query: '' } : value
}
