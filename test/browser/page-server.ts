import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { setInterval } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/http'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { closeServer, listen } from '../../runtime/server.ts'
import type { ExplorerTarget } from './explorer-suite.ts'

const dist = fileURLToPath(new URL('../../gateway/explorer/dist/', import.meta.url))
const policy = `default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; worker-src 'self' blob:; connect-src 'self' ws: wss:`
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
}

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      greeting: {
        type: new GraphQLNonNull(GraphQLString),
        description: 'A greeting to whoever is named.',
        args: { name: { type: GraphQLString, defaultValue: 'world' } },
        resolve: (_source, { name }: { name?: string | null }) => `Hello, ${name ?? 'nobody'}`,
      },
    },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { tick: { type: new GraphQLNonNull(GraphQLInt), description: 'Counts up.', subscribe: ticks, resolve: (tick: number) => tick } },
  }),
})

const examples = [
  { title: 'A greeting by name', query: 'query GreetByName($name: String) {\n  greeting(name: $name)\n}\n', variables: { name: 'Ada' } },
  { title: 'A counter that goes on', query: 'subscription CountUp {\n  tick\n}\n' },
]

/**
 * A small server of GraphQL over HTTP and WebSocket with the built page, to exercise the page alone.
 * `offer` says what `examples.json` answers; null: nothing there.
 */
export async function startPageServer(offer: unknown = examples): Promise<ExplorerTarget> {
  const handleGraphQL = createHandler({ schema })
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    response.setHeader('content-security-policy', policy)
    if (pathname === '/graphql') void handleGraphQL(request, response)
    else if (pathname === '/examples.json') sendExamples(response, offer)
    else void sendFile(response, pathname)
  })
  const sockets = new WebSocketServer({ server, path: '/graphql' })
  const subscriptions = useServer({ schema }, sockets)
  const port = await listen(server, 0, '127.0.0.1')
  return {
    url: `http://127.0.0.1:${port}/`,
    query: { document: 'query Greet { greeting(name: "Grace") }', answer: '"greeting": "Hello, Grace"' },
    field: 'greeting',
    subscription: 'subscription Tick { tick }',
    [Symbol.asyncDispose]: async () => {
      await subscriptions.dispose()
      await closeServer(server)
    },
  }
}

async function* ticks(): AsyncGenerator<number> {
  let tick = 0
  for await (const _ of setInterval(20)) yield (tick += 1)
}

function sendExamples(response: ServerResponse, offer: unknown): void {
  response.writeHead(offer === null ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(offer))
}

async function sendFile(response: ServerResponse, pathname: string): Promise<void> {
  const name = pathname === '/' ? 'index.html' : normalize(pathname)
  const content = await readFile(join(dist, name)).catch(() => null)
  if (content === null) {
    response.writeHead(404).end()
    return
  }
  const cache = name.includes('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
  response.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream', 'cache-control': cache }).end(content)
}
