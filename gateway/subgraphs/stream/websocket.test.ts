import { createServer } from 'node:http'
import { publicCaller } from '../../../runtime/identity/caller.ts'
import type { Duplex } from 'node:stream'
import { expect, test } from '@jest/globals'
import { type WebSocket, WebSocketServer } from 'ws'
import { AisleError } from '../../../runtime/errors.ts'
import { isObject, parseJson } from '../../../runtime/json.ts'
import { closeServer, listen } from '../../../runtime/server.ts'
import type { SourceOptions } from './source.ts'
import { WebSocketSource } from './websocket.ts'

/** What a subgraph does with a message of the protocol on its n-th connection. */
type Respond = (type: string, id: string, socket: WebSocket, connection: number) => void

interface Bench extends AsyncDisposable {
  events(caller?: string): AsyncGenerator<unknown, string, undefined>
  readonly connections: () => number
}

/** A source over a subgraph that speaks graphql-ws as the test says; `refuse` answers upgrades with a status instead. */
async function startBench(respond: Respond, options: Partial<SourceOptions> = {}, refuse: number | null = null): Promise<Bench> {
  let connections = 0
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-transport-ws' })
  server.on('upgrade', (request, socket: Duplex, head) => {
    const connection = ++connections
    if (refuse !== null) {
      socket.end(`HTTP/1.1 ${refuse} No\r\nConnection: close\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('message', (data: Buffer) => {
        const message = parseJson(data.toString('utf8'))
        if (isObject(message)) respond(String(message.type), String(message.id), webSocket, connection)
      })
    })
  })
  const port = await listen(server, 0, '127.0.0.1')
  const source = new WebSocketSource(`http://127.0.0.1:${port}/graphql`, { timeoutMs: 5_000, maxResponseBytes: 10_000, streamRetryMs: 30_000, streamSilenceMs: 0, newestOnly: false, ...options })
  return {
    async *events(caller = '') {
      try {
        for await (const { data } of source.subscribe('{"query":"subscription { a }"}', { headers: {}, caller, who: publicCaller, signal: new AbortController().signal })) yield data
        return 'completed'
      } catch (error) {
        return AisleError.is(error) ? error.code : String(error)
      }
    },
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]()
      for (const socket of sockets.clients) socket.terminate()
      await closeServer(server, 0)
    },
  }
}

const acknowledge = (socket: WebSocket): void => socket.send('{"type":"connection_ack"}')
const next = (id: string, a: number): string => JSON.stringify({ id, type: 'next', payload: { data: { a } } })

test.each([404, 403, 200])('an upgrade that is refused with %d is said to be', async (status) => {
  await using bench = await startBench(() => {}, {}, status)
  expect(await bench.events().next()).toEqual({ done: true, value: 'SUBGRAPH_SUBSCRIPTION_REFUSED' })
  expect(bench.connections()).toBe(1)
})

test('an upgrade that a balancer cannot pass on means that the subgraph is not there', async () => {
  await using bench = await startBench(() => {}, {}, 503)
  expect(await bench.events().next()).toEqual({ done: true, value: 'SUBGRAPH_UNREACHABLE' })
})

test('a connection that the subgraph forbids is not tried again', async () => {
  await using bench = await startBench((_type, _id, socket) => socket.close(4403, 'Forbidden'))
  expect(await bench.events().next()).toEqual({ done: true, value: 'SUBGRAPH_SUBSCRIPTION_REFUSED' })
  expect(bench.connections()).toBe(1)
})

test('a connection that answers nothing any more is given up for another, and its subscriptions go on', async () => {
  await using bench = await startBench((type, id, socket, connection) => {
    if (type === 'connection_init') acknowledge(socket)
    if (type === 'subscribe') socket.send(next(id, connection))
    // The first connection hangs from then on; the second answers.
    if (type === 'ping' && connection > 1) socket.send('{"type":"pong"}')
  }, { streamSilenceMs: 100 })
  const events = bench.events()
  expect(await events.next()).toEqual({ done: false, value: { a: 1 } })
  expect(await events.next()).toEqual({ done: false, value: { a: 2 } })
})

test('a subscription whose source stays away ends with an error after a while', async () => {
  await using bench = await startBench((type, id, socket, connection) => {
    if (connection > 1) socket.close(1013, 'Try again later')
    else if (type === 'connection_init') acknowledge(socket)
    else if (type === 'subscribe') socket.send(next(id, 1), () => socket.terminate())
  }, { streamRetryMs: 300 })
  const events = bench.events()
  expect(await events.next()).toEqual({ done: false, value: { a: 1 } })
  expect(await events.next()).toEqual({ done: true, value: 'SUBSCRIPTION_INTERRUPTED' })
  expect(bench.connections()).toBeGreaterThan(1)
})

test('events that nobody takes are bounded: the subscription ends with an error, or only the newest is kept', async () => {
  const flood: Respond = (type, id, socket) => {
    if (type === 'connection_init') acknowledge(socket)
    if (type !== 'subscribe') return
    for (let a = 1; a <= 100; a++) socket.send(JSON.stringify({ id, type: 'next', payload: { data: { a, text: 'x'.repeat(1_000) } } }))
    socket.send(JSON.stringify({ id, type: 'complete' }))
  }
  const all = async (bench: Bench): Promise<unknown[]> => {
    const seen: unknown[] = []
    const events = bench.events()
    for (;;) {
      const { done, value } = await events.next()
      seen.push(done === true ? value : isObject(value) ? value.a : null)
      if (done === true) return seen
      // Whoever takes its time is overtaken by what has long been sent.
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await using strict = await startBench(flood)
  const cut = await all(strict)
  expect([cut[0], cut.at(-1)]).toEqual([1, 'SUBSCRIPTION_INTERRUPTED'])
  expect(cut.length).toBeLessThan(15)
  await using lenient = await startBench(flood, { newestOnly: true })
  const newest = await all(lenient)
  expect(newest.slice(-2)).toEqual([100, 'completed'])
  expect(newest.length).toBeLessThan(50)
})
