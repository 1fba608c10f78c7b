import { describe, expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'
import { connect, shop, until } from '../testing/shop.ts'

const query = 'subscription Changed { changed: stockChanged { n: name left } }'
type Graph = Federation<'stock' | 'catalog'>

/** A number that the gateway shows of itself. */
async function figure(graph: Graph, pattern: RegExp): Promise<number> {
  return Number(pattern.exec(await graph.context.metrics.metrics())?.[1] ?? 0)
}

const shared = (graph: Graph): Promise<number> => figure(graph, /graphql_shared_total\{[^}]*kind="subscription"[^}]*\} (\d+)/)
const subscribers = (graph: Graph): Promise<number> => figure(graph, /graphql_active_subscriptions\S* (\d+)/)

async function reached(graph: Graph, ask: (graph: Graph) => Promise<number>, value: number): Promise<void> {
  while ((await ask(graph)) !== value) await new Promise(setImmediate)
}

describe('equal subscriptions', () => {
  test('have one source, and each of its events is joined once for all of them, over either transport', async () => {
    const { publish, finish, listeners, stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    await using one = connect(graph.url)
    await using two = connect(graph.url)
    const clients = [one, one, two].map(({ client }) => client.iterate({ query }))
    const first = clients.map((events) => events.next())
    const stream = await fetch(graph.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'accept-language': '' }, body: JSON.stringify({ query: query.replace('Changed', 'Other') }) })
    await reached(graph, subscribers, 4)
    await until(() => listeners.size === 2)
    expect(await shared(graph)).toBeGreaterThanOrEqual(2)
    publish({ id: '1', left: 5 })
    for (const event of await Promise.all(first)) expect(event.value).toEqual({ data: { changed: { n: 'name 1', left: 5 } } })
    // fetch sends a language, an empty one here, so that it is a caller of its own: the WebSockets are one, it is another.
    await until(() => graph.subgraphs.catalog.received.length === 2)
    expect(listeners.size).toBe(2)
    finish()
    for (const events of clients) expect((await events.next()).done).toBe(true)
    expect(await stream.text()).toContain('"left":5')
  })

  test('end their source when the last of them leaves, and only then', async () => {
    const { publish, listeners, stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    await using one = connect(graph.url)
    await using two = connect(graph.url)
    const [leaving, staying] = [one.client.iterate({ query }), two.client.iterate({ query })]
    const first = [leaving.next(), staying.next()]
    await reached(graph, subscribers, 2)
    await until(() => listeners.size === 1)
    publish({ id: '1', left: 1 })
    await Promise.all(first)
    await leaving.return?.()
    await reached(graph, subscribers, 1)
    publish({ id: '1', left: 2 })
    expect((await staying.next()).value).toMatchObject({ data: { changed: { left: 2 } } })
    await staying.return?.()
    await until(() => listeners.size === 0 && graph.subgraphs.stock.openSockets() === 0)
  })

  test('never cross callers, though headers that only trace a request keep nobody apart', async () => {
    const { listeners, stock, catalog, seen } = shop()
    await using graph = await startFederation({ stock, catalog })
    const callers = [
      { authorization: 'Bearer one', traceparent: '00-1', 'x-request-id': 'a' },
      { authorization: 'Bearer one', traceparent: '00-2', 'x-request-id': 'b' },
      { authorization: 'Bearer two', traceparent: '00-1', 'x-request-id': 'a' },
    ]
    await using clients = new AsyncDisposableStack()
    for (const caller of callers) void clients.use(connect(graph.url, caller)).client.iterate({ query }).next()
    await reached(graph, subscribers, 3)
    await until(() => listeners.size === 2)
    expect([graph.subgraphs.stock.openSockets(), await shared(graph)]).toEqual([2, 1])
    expect(seen).toEqual(expect.arrayContaining([expect.objectContaining({ headers: expect.objectContaining({ traceparent: expect.any(String) }) })]))
  })

  test('have a source each when sharing is switched off', async () => {
    const { listeners, stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog }, { shareSubscriptions: false })
    await using one = connect(graph.url)
    void one.client.iterate({ query }).next()
    void one.client.iterate({ query }).next()
    await until(() => listeners.size === 2)
    expect(await shared(graph)).toBe(0)
  })
})

describe('a subgraph that is subscribed to over server-sent events', () => {
  test('feeds clients like any other, with their rights', async () => {
    const { publish, finish, listeners, stock, catalog, seen } = shop()
    await using graph = await startFederation({ stock: { ...stock, noWebSocket: true }, catalog }, { subgraphSubscriptions: { stock: 'sse' } })
    await using socket = connect(graph.url, { authorization: 'Bearer one' })
    const events = socket.client.iterate({ query })
    const first = events.next()
    await until(() => listeners.size === 1)
    expect(seen).toMatchObject([{ headers: { authorization: 'Bearer one' } }])
    publish({ id: '1', left: 5 })
    expect((await first).value).toEqual({ data: { changed: { n: 'name 1', left: 5 } } })
    finish()
    expect((await events.next()).done).toBe(true)
  })

  test('is left when its client leaves', async () => {
    const { listeners, stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog }, { subgraphSubscriptions: { stock: 'sse' } })
    await using socket = connect(graph.url)
    const waiting = socket.client.iterate({ query }).next()
    await until(() => listeners.size === 1)
    socket.client.terminate()
    await expect(waiting).rejects.toBeDefined()
    await until(() => listeners.size === 0)
  })

  test('is said to refuse WebSockets where it is not known to serve events', async () => {
    const { stock, catalog } = shop()
    await using graph = await startFederation({ stock: { ...stock, noWebSocket: true }, catalog })
    await using socket = connect(graph.url)
    const refused = { extensions: { code: 'SUBGRAPH_SUBSCRIPTION_REFUSED', serviceName: 'stock', status: 400 } }
    await expect(socket.client.iterate({ query }).next()).rejects.toEqual([expect.objectContaining(refused)])
  })
})

test('nothing of what is behind the gateway is told to clients in production', async () => {
  const { stock, catalog } = shop()
  await using graph = await startFederation({ stock: { ...stock, noWebSocket: true }, catalog }, { production: true })
  await using socket = connect(graph.url)
  await expect(socket.client.iterate({ query }).next()).rejects.toEqual([expect.objectContaining({ extensions: { code: 'SUBGRAPH_SUBSCRIPTION_REFUSED' } })])
})
