import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { defaultPatience, type Patience } from '../../runtime/http/patience.ts'
import { createRoleContext } from '../../runtime/role.ts'
import { testDatabase } from '../../local/testing/postgres.ts'
import { serveSubgraph } from '../../subgraphs/serve/serve.ts'
import type { OpenSubgraph } from '../../subgraphs/serve/open.ts'
import { openPostgres, type PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { MemoryFeed } from './memory-feed.ts'
import { fill, shop } from './shop.ts'

/** A GraphQL answer as the tests look into it. */
export interface GraphQLAnswer {
  readonly status: number
  readonly data: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly { readonly message: string; readonly path?: readonly (string | number)[]; readonly extensions?: Readonly<Record<string, unknown>> }[]
}

/** A subgraph that really listens, over a Postgres with the small chain of `shop.ts` and a feed in the test's hands. */
export interface ServedSubgraph extends AsyncDisposable {
  readonly url: string
  readonly storage: PostgresStorage
  readonly feed: MemoryFeed
  /** Statements run so far. */
  statements(): number
  ask(query: string, variables?: object, headers?: Readonly<Record<string, string>>): Promise<GraphQLAnswer>
  /** The results of a subscription, until the iterator is returned. */
  subscribe(query: string, variables?: Record<string, unknown>): AsyncIterableIterator<unknown>
}

/** Serves what `open` makes of the storage, on a free port; reads that may be behind go to `reads`, where it is given. */
export async function serveForTest(open: (storage: PostgresStorage) => OpenSubgraph, reads?: { readonly storage: PostgresStorage }, patience: Patience = defaultPatience): Promise<ServedSubgraph> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await testDatabase())
  let count = 0
  const storage = stack.use(openPostgres(database.url, { onStatement: () => (count += 1) }))
  await fill(storage, shop)
  const feed = new MemoryFeed()
  const subgraph = open(storage)
  const role = stack.use(await serveSubgraph({ subgraph, storage, changes: feed, port: 0, patience, ...(reads === undefined ? {} : { reads }) }, createRoleContext(subgraph.name, 'silent')))
  const client = createClient({ url: `${role.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
  stack.defer(() => client.dispose())
  const kept = stack.move()
  return {
    url: role.url,
    storage,
    feed,
    statements: () => count,
    async ask(query, variables = {}, headers = {}) {
      const response = await fetch(`${role.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      })
      const body = (await response.json()) as Omit<GraphQLAnswer, 'status'>
      return { status: response.status, ...body }
    },
    subscribe: (query, variables = {}) => client.iterate({ query, variables }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Resolves when the condition holds; the test's own limit ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setTimeout(resolve, 5).unref())
}
