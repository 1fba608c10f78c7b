import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { decodeConfig } from '../../runtime/config.ts'
import { createRoleContext, type RoleContext } from '../../runtime/role.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { gatewayConfig } from '../config.ts'
import { startGateway } from '../main.ts'
import { EventQueue } from '../subgraphs/event-queue.ts'
import { SupergraphSource } from '../supergraph/source.ts'
import { type Federation, type GatewaySettings, post, startFederation } from '../testing/federation.ts'

/** Polls this often in milliseconds, so that what was not noticed by watching is noticed soon. */
const supergraphPoll = 20

interface Things {
  readonly graph: Federation<'things'>
  /** Lets `slow` be answered. */
  readonly answer: () => void
  /** The sources of `tick` that were opened so far. */
  readonly sources: readonly EventQueue<number>[]
  /** Sends an event to the newest of them. */
  readonly tick: (value: number) => void
}

async function startThings(settings: GatewaySettings = {}): Promise<Things> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const sources: EventQueue<number>[] = []
  const graph = await startFederation(
    {
      things: {
        sdl: 'type Query { a: Int  slow: Int  old: Int }  type Subscription { tick: Int  tock: Int }',
        resolvers: {
          Query: {
            a: () => 1,
            old: () => 2,
            slow: async () => {
              await promise
              return 3
            },
          },
          Subscription: {
            tick: {
              subscribe() {
                const source = new EventQueue<number>({ capacity: 10 })
                sources.push(source)
                return source.drain()
              },
              resolve: (value: number) => value,
            },
            tock: { subscribe: () => new EventQueue<number>({ capacity: 1 }).drain() },
          },
        },
      },
    },
    { supergraphPoll, ...settings },
  )
  return { graph, answer: () => resolve(), sources, tick: (value) => sources.at(-1)?.push(value) }
}

async function reloads(context: RoleContext, result: string): Promise<number> {
  return Number(new RegExp(`graphql_supergraph_reloads_total\\{[^}]*result="${result}"[^}]*\\} (\\d+)`).exec(await context.metrics.metrics())?.[1] ?? 0)
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate)
}

/** In one step: a file that is written in place can be read empty in between. */
async function publish({ supergraph }: Federation<'things'>, sdl: string): Promise<void> {
  const next = `${supergraph}.next`
  await writeFile(next, sdl)
  await rename(next, supergraph)
}

const withoutOld = (sdl: string): string => sdl.replace(/^\s*old: Int.*$/m, '')

test('a new supergraph is served without a restart; what is running ends on the one before, which is then closed', async () => {
  const { graph, answer, sources, tick } = await startThings()
  await using _all = graph
  const running = graph.ask('{ slow old }')
  const client = createClient({ url: graph.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  const events = client.iterate<{ tick: number }>({ query: 'subscription { tick }' })
  await until(() => sources.length === 1)
  tick(1)
  expect((await events.next()).value).toEqual({ data: { tick: 1 } })
  await until(() => graph.subgraphs.things.received.some(({ query }) => query.includes('slow')))

  await publish(graph, withoutOld(await readFile(graph.supergraph, 'utf8')))
  await until(async () => (await reloads(graph.context, 'taken')) === 1)

  expect((await graph.ask('{ old }')).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  expect((await graph.ask('{ a }')).data).toEqual({ a: 1 })
  answer()
  expect((await running).data).toEqual({ slow: 3, old: 2 })
  // The subscription is fed by the new version now, whose two connections (events and queries) are all that is left.
  await until(() => graph.subgraphs.things.openSockets() === 1 && sources.length === 2)
  await until(() => graph.subgraphs.things.openConnections() === 2)
  tick(2)
  expect((await events.next()).value).toEqual({ data: { tick: 2 } })
  await client.dispose()
})

test('a supergraph that cannot be used is refused, and a good one after it is taken', async () => {
  const { graph } = await startThings()
  await using _all = graph
  const good = await readFile(graph.supergraph, 'utf8')
  for (const [index, bad] of ['type Query {', 'type Query { a: Int }', ''].entries()) {
    await publish(graph, bad)
    await until(async () => (await reloads(graph.context, 'refused')) > index)
    expect((await graph.ask('{ a old }')).data).toEqual({ a: 1, old: 2 })
  }
  await publish(graph, withoutOld(good))
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

test('a file that goes away, comes back, or is swapped behind a link is followed', async () => {
  const { graph } = await startThings({ supergraphPoll: 600_000 })
  await using _all = graph
  const sdl = await readFile(graph.supergraph, 'utf8')
  const folder = dirname(graph.supergraph)
  await rm(graph.supergraph)
  await until(async () => (await reloads(graph.context, 'unreadable')) > 0)
  expect((await graph.ask('{ a }')).data).toEqual({ a: 1 })
  // As Kubernetes mounts configuration: the file is a link through a link to a folder, which alone is swapped.
  for (const [version, text] of [['one', withoutOld(sdl)], ['two', sdl]] as const) {
    await mkdir(join(folder, version))
    await writeFile(join(folder, version, 'supergraph.graphql'), text)
    await symlink(version, join(folder, '..next'))
    await rename(join(folder, '..next'), join(folder, '..data'))
    if (version === 'one') await symlink('..data/supergraph.graphql', graph.supergraph)
    await until(async () => (await graph.ask('{ old }')).errors.length === (version === 'one' ? 1 : 0))
  }
})

test('a supergraph at a URL may not be larger than any is, nor hold anything but text', async () => {
  const whole = Buffer.alloc(1_048_576, 32)
  let left = 0
  const server = createServer((request, response) => {
    if (request.url === '/garbage') {
      response.writeHead(200, { etag: '"g"' }).end(Buffer.from([0xff, 0xfe, 0xfd]))
      return
    }
    response.on('close', () => left++)
    const more = (): void => {
      while (!response.destroyed && response.write(whole));
    }
    response.on('drain', more).writeHead(200)
    more()
  })
  const port = await listen(server, 0, '127.0.0.1')
  await using _server = { [Symbol.asyncDispose]: () => closeServer(server, 0) }
  await expect(new SupergraphSource(`http://127.0.0.1:${port}/endless`).read()).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID', message: expect.stringContaining('larger than') })
  await until(() => left === 1)
  const garbage = new SupergraphSource(`http://127.0.0.1:${port}/garbage`)
  // What was no supergraph is not taken for the last one either: the second time it is sent again, and refused again.
  for (const _time of [1, 2]) await expect(garbage.read()).rejects.toMatchObject({ code: 'SUPERGRAPH_INVALID' })
})

test('a subscription that the new supergraph does not allow any more ends with the reason', async () => {
  const { graph } = await startThings()
  await using _all = graph
  const client = createClient({ url: graph.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  const events = client.iterate({ query: 'subscription { tock }' })
  const ended = events.next()
  const stream = await fetch(graph.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream' }, body: '{"query":"subscription { tock }"}' })
  await until(() => graph.subgraphs.things.openSockets() === 1)
  await publish(graph, (await readFile(graph.supergraph, 'utf8')).replace(/^\s*tock: Int.*$/m, ''))
  const reason = { message: expect.stringContaining('Cannot query field "tock"'), extensions: expect.objectContaining({ code: 'SUBSCRIPTION_OUTDATED' }) }
  await expect(ended).rejects.toEqual([expect.objectContaining(reason)])
  const [first = '', ...others] = (await stream.text()).split('\n\n')
  expect(JSON.parse(first.replace('event: next\ndata: ', ''))).toMatchObject({ errors: [reason] })
  expect(others).toEqual(['event: complete\ndata:', ''])
  await client.dispose()
})

test('what is asked most is planned before the swap, so that nobody waits for it', async () => {
  const { graph } = await startThings({ warmUp: 2 })
  await using _all = graph
  const used = ['{ a }', '{ a b: a }', '{ c: a }']
  for (const [index, query] of used.entries()) for (let times = 0; times < 3 - index; times++) await graph.ask(query)
  await graph.ask('{ old a }')
  await publish(graph, withoutOld(await readFile(graph.supergraph, 'utf8')))
  await until(async () => (await reloads(graph.context, 'taken')) === 1)
  expect(await planned(graph.context)).toBe(2)
  for (const query of used.slice(0, 2)) expect((await graph.ask(query)).errors).toEqual([])
  expect(await planned(graph.context)).toBe(2)
  await graph.ask('{ c: a }')
  expect(await planned(graph.context)).toBe(3)
})

test('a swap does not wait for planning longer than allowed', async () => {
  const { graph } = await startThings({ warmUpLimit: 0 })
  await using _all = graph
  await graph.ask('{ a }')
  await publish(graph, withoutOld(await readFile(graph.supergraph, 'utf8')))
  await until(async () => (await reloads(graph.context, 'taken')) === 1)
  expect(await planned(graph.context)).toBe(0)
})

async function planned(context: RoleContext): Promise<number> {
  return Number(/^graphql_plan_cache_entries\S* (\d+)/m.exec(await context.metrics.metrics())?.[1] ?? -1)
}
