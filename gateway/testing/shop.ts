import { GraphQLError } from 'graphql'
import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { EventQueue } from '../subgraphs/event-queue.ts'
import type { SubgraphDefinition } from './subgraph.ts'

export type Stock = { id: string; left: number }

/** A stock subgraph whose subscriptions see what a test publishes, and a catalogue that knows the products' names. */
export function shop(): { stock: SubgraphDefinition; catalog: SubgraphDefinition; publish: (stock: Stock) => void; finish: () => void; listeners: Set<EventQueue<Stock>>; seen: unknown[] } {
  const listeners = new Set<EventQueue<Stock>>()
  const seen: unknown[] = []
  return {
    listeners,
    seen,
    publish: (stock) => listeners.forEach((queue) => queue.push(stock)),
    finish: () => listeners.forEach((queue) => queue.end()),
    stock: {
      sdl: 'type Query { a: Int }  type Subscription { stockChanged: Product  broken: Product! }  type Product @key(fields: "id") { id: ID!  left: Int }',
      resolvers: {
        Subscription: {
          stockChanged: {
            subscribe(_: unknown, _arguments: unknown, context: unknown) {
              seen.push(context)
              const queue = new EventQueue<Stock>({ capacity: 100 })
              listeners.add(queue)
              const events = queue.drain()
              const end = async (): Promise<IteratorResult<Stock>> => {
                listeners.delete(queue)
                queue.end()
                return { done: true, value: undefined }
              }
              return { next: () => events.next(), return: end, throw: end, [Symbol.asyncIterator]() { return this } }
            },
            resolve: (stock: Stock) => stock,
          },
          broken: {
            subscribe: () => {
              throw new GraphQLError('no source', { extensions: { code: 'NO_SOURCE' } })
            },
          },
        },
      },
    },
    catalog: {
      sdl: 'type Product @key(fields: "id") { id: ID!  name: String }',
      resolvers: { Product: { __resolveReference: (given: object) => given, name: ({ id }: { id: string }) => `name ${id}` } },
    },
  }
}

/** A client over graphql-ws that does not try again by itself. */
export function connect(url: string, connectionParams: Record<string, unknown> = {}): AsyncDisposable & { client: Client } {
  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0, connectionParams })
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.dispose()
    },
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
