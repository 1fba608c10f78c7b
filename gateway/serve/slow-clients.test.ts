import { type IncomingMessage, request } from 'node:http'
import { describe, expect, test } from '@jest/globals'
import { WebSocket } from 'ws'
import { isObject, type JsonObject, parseJson } from '../../runtime/json.ts'
import { type Federation, startFederation } from '../testing/federation.ts'
import { connect, shop, until } from '../testing/shop.ts'

const query = 'subscription { stockChanged { name left } }'
/** Large enough that a few dozen of them fill every buffer of the system between gateway and client. */
const padding = 'x'.repeat(100_000)
const events = 90
const clientBuffer = 100_000

interface OpenShop {
  readonly graph: Federation<'stock' | 'catalog'>
  /** One for each subscription that has reached the subgraph. */
  readonly subscribed: readonly unknown[]
  /** Publishes all events, each once a client that reads has the one before, so that only slow clients miss any. */
  readonly publishAll: () => Promise<void>
}

async function open(settings: Record<string, unknown>): Promise<OpenShop & AsyncDisposable> {
  const { publish, listeners, seen: subscribed, stock, catalog } = shop()
  const graph = await startFederation({ stock, catalog }, { clientBuffer, ...settings })
  return {
    graph,
    subscribed,
    async publishAll() {
      await using quick = connect(graph.url)
      const seen = quick.client.iterate({ query })
      let next = seen.next()
      await until(() => listeners.size === 1)
      while ((await activeSubscriptions(graph)) < 2) await new Promise(setImmediate)
      for (let left = 1; left <= events; left++) {
        publish({ id: padding, left })
        expect((await next).value).toMatchObject({ data: { stockChanged: { left } } })
        next = seen.next()
      }
      await seen.return?.()
    },
    [Symbol.asyncDispose]: () => graph[Symbol.asyncDispose](),
  }
}

async function activeSubscriptions(graph: OpenShop['graph']): Promise<number> {
  return Number(/graphql_active_subscriptions\S* (\d+)/.exec(await graph.context.metrics.metrics())?.[1] ?? 0)
}

interface SlowClient {
  readonly messages: JsonObject[]
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly read: () => void
}

/** Subscribes over graphql-ws and does not read until it is told to. */
async function subscribeSlowly(url: string): Promise<SlowClient> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws')
  const messages: JsonObject[] = []
  const acknowledged = Promise.withResolvers<void>()
  socket.on('open', () => socket.send('{"type":"connection_init"}'))
  socket.on('message', (data: Buffer) => {
    const message = parseJson(data.toString('utf8'))
    if (isObject(message)) messages.push(message)
    acknowledged.resolve()
  })
  await acknowledged.promise
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
  socket.pause()
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  return { messages, closed, read: () => socket.resume() }
}

const leftOf = (message: JsonObject | undefined): unknown => {
  const { payload } = message ?? {}
  const { data } = isObject(payload) ? payload : {}
  const { stockChanged } = isObject(data) ? data : {}
  return isObject(stockChanged) ? stockChanged.left : undefined
}

describe('a subscriber on a WebSocket that does not read', () => {
  test('is disconnected with an error and a reason', async () => {
    await using opened = await open({})
    const slow = await subscribeSlowly(opened.graph.url)
    await opened.publishAll()
    slow.read()
    expect(await slow.closed).toEqual({ code: 4013, reason: 'The client does not read its events fast enough.' })
    const [last, ...before] = slow.messages.toReversed()
    expect(last).toMatchObject({ id: '1', type: 'error', payload: [{ extensions: { code: 'CLIENT_TOO_SLOW' } }] })
    const seen = before.toReversed().map(leftOf).filter((left) => left !== undefined)
    expect(seen).toEqual(seen.map((_, index) => index + 1))
    expect(seen.length).toBeLessThan(events)
  })

  test('gets the newest event alone once it reads, where events may be coalesced', async () => {
    await using opened = await open({ slowClients: 'coalesce' })
    const slow = await subscribeSlowly(opened.graph.url)
    await opened.publishAll()
    slow.read()
    await until(() => leftOf(slow.messages.at(-1)) === events)
    expect(slow.messages.length).toBeLessThan(events)
  })

  test('is cut off when it gives no sign of life, whatever the policy', async () => {
    await using opened = await open({ slowClients: 'coalesce', clientPing: 50 })
    const slow = await subscribeSlowly(opened.graph.url)
    await until(() => opened.subscribed.length === 1)
    while ((await activeSubscriptions(opened.graph)) > 0) await new Promise(setImmediate)
    slow.read()
    expect(await slow.closed).toMatchObject({ code: 1006 })
  })
})

describe('a subscriber over server-sent events that does not read', () => {
  /** The whole answer, read only when all has been published. */
  async function readLate(settings: Record<string, unknown>): Promise<string[]> {
    await using opened = await open(settings)
    const { promise: response, resolve } = Promise.withResolvers<IncomingMessage>()
    request(opened.graph.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream' } }, resolve).end(JSON.stringify({ query }))
    const stream = await response
    await opened.publishAll()
    let text = ''
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    // Coalesced, it goes on for ever: the newest event is the last that is to come.
    await until(() => stream.closed || text.includes(`"left":${events}}`))
    stream.destroy()
    return text.trim().split('\n\n')
  }

  test('is told so, and its stream is completed', async () => {
    const seen = await readLate({})
    expect(seen.slice(-2)).toEqual([expect.stringContaining('"code":"CLIENT_TOO_SLOW"'), 'event: complete\ndata:'])
    expect(seen.length).toBeLessThan(events)
  })

  test('gets the newest event alone, where events may be coalesced', async () => {
    const seen = await readLate({ slowClients: 'coalesce' })
    expect(seen.at(-1)).toContain(`"left":${events}}`)
    expect(seen.length).toBeLessThan(events)
  })
})

test('a client that asks more than it may at a time is refused, and one that completes an operation may ask again', async () => {
  const { listeners, stock, catalog } = shop()
  await using graph = await startFederation({ stock, catalog }, { clientOperations: 1 })
  await using socket = connect(graph.url)
  const first = socket.client.iterate({ query })
  void first.next()
  await until(() => listeners.size === 1)
  await expect(socket.client.iterate({ query }).next()).rejects.toEqual([expect.objectContaining({ extensions: { code: 'TOO_MANY_OPERATIONS' } })])
  void first.return?.()
  await until(() => listeners.size === 0)
  expect((await socket.client.iterate({ query: '{ a }' }).next()).value).toEqual({ data: { a: null } })
})
