import { readFile, rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { expect, test } from '@jest/globals'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { decodeConfig } from '../../runtime/config.ts'
import { createRoleContext, type RoleContext } from '../../runtime/role.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { gatewayConfig } from '../config.ts'
import { startGateway } from '../main.ts'
import { EventQueue } from '../subgraphs/event-queue.ts'
import { type Federation, post, startFederation } from '../testing/federation.ts'

/** Polls this often in milliseconds, so that what was not noticed by watching is noticed soon. */
const supergraphPoll = 20

interface Things {
  readonly graph: Federation<'things'>
  /** Lets `slow` be answered. */
  readonly answer: () => void
  readonly ticks: EventQueue<number>
}

async function startThings(): Promise<Things> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const ticks = new EventQueue<number>(10)
  const graph = await startFederation(
    {
      things: {
        sdl: 'type Query { a: Int  slow: Int  old: Int }  type Subscription { tick: Int }',
        resolvers: {
          Query: {
            a: () => 1,
            old: () => 2,
            slow: async () => {
              await promise
              return 3
            },
          },
          Subscription: { tick: { subscribe: () => ticks.drain(), resolve: (value: number) => value } },
        },
      },
    },
    { supergraphPoll },
  )
  return { graph, answer: () => resolve(), ticks }
}

async function reloads(context: RoleContext, result: string): Promise<number> {
  return Number(new RegExp(`graphql_supergraph_reloads_total\\{[^}]*result="${result}"[^}]*\\} (\\d+)`).exec(await context.metrics.metrics())?.[1] ?? 0)
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate)
}

const withoutOld = (sdl: string): string => sdl.replace(/^\s*old: Int.*$/m, '')

test('a new supergraph is served without a restart; what is running ends on the one before, which is then closed', async () => {
  const { graph, answer, ticks } = await startThings()
  await using _all = graph
  const running = graph.ask('{ slow old }')
  const client = createClient({ url: graph.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  const events = client.iterate<{ tick: number }>({ query: 'subscription { tick }' })
  ticks.push(1)
  expect((await events.next()).value).toEqual({ data: { tick: 1 } })
  await until(() => graph.subgraphs.things.received.some(({ query }) => query.includes('slow')))

  const next = `${graph.supergraph}.next`
  await writeFile(next, withoutOld(await readFile(graph.supergraph, 'utf8')))
  await rename(next, graph.supergraph)
  await until(async () => (await reloads(graph.context, 'taken')) === 1)

  expect((await graph.ask('{ old }')).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  expect((await graph.ask('{ a }')).data).toEqual({ a: 1 })
  answer()
  expect((await running).data).toEqual({ slow: 3, old: 2 })
  ticks.push(2)
  expect((await events.next()).value).toEqual({ data: { tick: 2 } })
  expect(graph.subgraphs.things.openConnections()).toBeGreaterThan(1)
  ticks.end()
  expect((await events.next()).done).toBe(true)
  // One connection of the new version is left: those of the old one, kept alive so far, are closed.
  await until(() => graph.subgraphs.things.openConnections() === 1)
  expect((await graph.ask('{ a }')).data).toEqual({ a: 1 })
  await client.dispose()
})

test('a supergraph that cannot be used is refused, and a good one after it is taken', async () => {
  const { graph } = await startThings()
  await using _all = graph
  const good = await readFile(graph.supergraph, 'utf8')
  for (const [index, bad] of ['type Query {', 'type Query { a: Int }', ''].entries()) {
    await writeFile(graph.supergraph, bad)
    await until(async () => (await reloads(graph.context, 'refused')) > index)
    expect((await graph.ask('{ a old }')).data).toEqual({ a: 1, old: 2 })
  }
  await writeFile(graph.supergraph, withoutOld(good))
  await until(async () => (await reloads(graph.context, 'taken')) === 1)
  expect((await graph.ask('{ a }')).data).toEqual({ a: 1 })
  expect((await graph.ask('{ old }')).data).toBeUndefined()
})

test('a supergraph at a URL is polled, and sent only when it has changed', async () => {
  const { graph } = await startThings()
  await using _all = graph
  let sdl = await readFile(graph.supergraph, 'utf8')
  let status = 200
  const sent: number[] = []
  const server = createServer((request, response) => {
    const etag = `"${sdl.length}"`
    const answered = status === 200 && request.headers['if-none-match'] === etag ? 304 : status
    sent.push(answered)
    response.writeHead(answered, { etag }).end(answered === 200 ? sdl : '')
  })
  const port = await listen(server, 0, '127.0.0.1')
  await using _server = { [Symbol.asyncDispose]: () => closeServer(server, 0) }
  const context = createRoleContext('gateway', 'silent')
  await using gateway = await startGateway(decodeConfig(gatewayConfig, { port: 0, host: '127.0.0.1', supergraph: `http://127.0.0.1:${port}/`, supergraphPoll }), context)
  const ask = (query: string): ReturnType<typeof post> => post(`${gateway.url}/graphql`, { query })
  await until(() => sent.length > 2)
  expect(sent).toEqual([200, ...sent.slice(1).map(() => 304)])
  expect(await reloads(context, 'taken')).toBe(0)
  status = 500
  await until(async () => (await reloads(context, 'unreadable')) > 0)
  expect((await ask('{ old }')).data).toEqual({ old: 2 })
  sdl = withoutOld(sdl)
  status = 200
  await until(async () => (await reloads(context, 'taken')) === 1)
  expect((await ask('{ old }')).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
})
