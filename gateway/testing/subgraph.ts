import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { type ExecutionResult, graphql, type GraphQLSchema, parse, subscribe } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { readEncoding, unpack } from '../../runtime/graphql/encoding.ts'
import { isObject, type JsonObject } from '../../runtime/json.ts'
import { closeServer, listen } from '../../runtime/server.ts'

type SubgraphModule = Parameters<typeof buildSubgraphSchema>[0] extends readonly (infer M)[] | infer _D ? M : never
export type Resolvers = NonNullable<Extract<SubgraphModule, { resolvers?: unknown }>['resolvers']>

/** A subgraph as a test writes it: SDL without the federation link, and resolvers. */
export interface SubgraphDefinition {
  readonly sdl: string
  readonly resolvers?: Resolvers
  /** Refuses WebSockets; subscriptions are served as server-sent events in any case. */
  readonly noWebSocket?: boolean
}

/** In bytes. */
const largestRequest = 16_777_216

/** One request that a subgraph received. */
export interface ReceivedRequest {
  readonly query: string
  readonly variables: JsonObject
  readonly headers: IncomingMessage['headers']
}

/** Everything a test may want of the federation specification. */
export const federationLink = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@authenticated", "@requiresScopes", "@policy", "@requires", "@provides", "@external", "@shareable", "@override", "@inaccessible", "@interfaceObject", "@extends", "@tag"])\n`

/** A subgraph answering over HTTP and graphql-ws, and keeping account of what it was asked. */
export interface TestSubgraph extends AsyncDisposable {
  readonly sdl: string
  readonly url: string
  readonly received: ReceivedRequest[]
  /** Requests that were left unanswered because the asker went away. */
  abandoned(): number
  /** Connections of any kind that are open now. */
  openConnections(): number
  /** Sockets of subscriptions that are open now. */
  openSockets(): number
  /** Cuts every open socket, as a network would. */
  cutSockets(): void
  /** From now on refuses connections; `await` it to be sure. */
  stop(): Promise<void>
  /** Answers every following request with this instead, until it is given null. */
  answerWith(answer: { status: number; body: string; contentType?: string } | 'nothing' | null): void
}

/** @param at the port to listen at; a free one unless given */
export async function startSubgraph({ sdl, resolvers, noWebSocket = false }: SubgraphDefinition, at = 0): Promise<TestSubgraph> {
  const typeDefs = parse(federationLink + sdl)
  const schema = buildSubgraphSchema([{ typeDefs, ...(resolvers === undefined ? {} : { resolvers }) }])
  const received: ReceivedRequest[] = []
  let abandoned = 0
  let override: Parameters<TestSubgraph['answerWith']>[0] = null
  const server = createServer((request, response) => {
    void (async () => {
      const { query, variables } = await readRequest(request)
      received.push({ query, variables, headers: request.headers })
      if (override === 'nothing') {
        response.once('close', () => abandoned++)
        return
      }
      if (request.headers.accept === 'text/event-stream') {
        await stream(response, await subscribe({ schema, document: parse(query), variableValues: variables, contextValue: { headers: request.headers } }))
        return
      }
      const answer = override ?? { status: 200, body: JSON.stringify(await graphql({ schema, source: query, variableValues: variables, contextValue: { headers: request.headers } })) }
      response.writeHead(answer.status, { 'content-type': answer.contentType ?? 'application/json' }).end(answer.body)
    })()
  })
  const connections = new Set<Socket>()
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  const sockets = new WebSocketServer({ server, path: noWebSocket ? '/nowhere' : '/graphql' })
  useSchema(schema, sockets)
  const port = await listen(server, at, '127.0.0.1')
  let stopped: Promise<void> | null = null
  const stop = (): Promise<void> => {
    for (const socket of sockets.clients) socket.terminate()
    return (stopped ??= closeServer(server, 0))
  }
  return {
    sdl: federationLink + sdl,
    url: `http://127.0.0.1:${port}/graphql`,
    received,
    abandoned: () => abandoned,
    openConnections: () => connections.size,
    openSockets: () => sockets.clients.size,
    cutSockets() {
      for (const socket of sockets.clients) socket.terminate()
    },
    stop,
    answerWith(answer) {
      override = answer
    },
    [Symbol.asyncDispose]: stop,
  }
}

function useSchema(schema: GraphQLSchema, sockets: WebSocketServer): void {
  useServer({ schema, context: (context) => ({ headers: context.extra.request.headers, params: context.connectionParams }) }, sockets)
}

/** Answers with server-sent events (GraphQL over SSE, "distinct connections mode"). */
async function stream(response: ServerResponse, events: AsyncGenerator<ExecutionResult> | ExecutionResult): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  if (Symbol.asyncIterator in events) {
    response.once('close', () => void events.return(undefined))
    for await (const event of events) response.write(`event: next\ndata: ${JSON.stringify(event)}\n\n`)
  } else {
    response.write(`event: next\ndata: ${JSON.stringify(events)}\n\n`)
  }
  response.end('event: complete\ndata:\n\n')
}

async function readRequest(request: IncomingMessage): Promise<{ query: string; variables: JsonObject }> {
  const encoding = readEncoding(request.headers['content-encoding'] ?? '')
  const sent = await buffer(request)
  const text = (encoding === null ? sent : await unpack(sent, encoding, largestRequest)).toString()
  const body: unknown = text === '' ? {} : JSON.parse(text)
  const { query, variables } = isObject(body) ? body : {}
  return { query: typeof query === 'string' ? query : '', variables: isObject(variables) ? variables : {} }
}
