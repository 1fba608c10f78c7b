import { describe, expect, test } from '@jest/globals'
import { WebSocket } from 'ws'
import { startFederation } from '../testing/federation.ts'
import { connect, shop, until } from '../testing/shop.ts'

const query = 'subscription Changed { changed: stockChanged { n: name left } }'

describe('a subscription', () => {
  test('joins each event across subgraphs, in order, and ends when its source does', async () => {
    const { publish, finish, listeners, ...subgraphs } = shop()
    await using graph = await startFederation({ stock: subgraphs.stock, catalog: subgraphs.catalog })
    await using socket = connect(graph.url)
    const events = socket.client.iterate({ query })
    const first = events.next()
    await until(() => listeners.size === 1)
    publish({ id: '1', left: 5 })
    publish({ id: '1', left: 4 })
    expect((await first).value).toEqual({ data: { changed: { n: 'name 1', left: 5 } } })
    expect((await events.next()).value).toEqual({ data: { changed: { n: 'name 1', left: 4 } } })
    finish()
    expect((await events.next()).done).toBe(true)
  })

  test('keeps what it has when another subgraph fails, and says so', async () => {
    const { publish, listeners, stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    await using socket = connect(graph.url)
    const events = socket.client.iterate({ query })
    const first = events.next()
    await until(() => listeners.size === 1)
    await graph.subgraphs.catalog.stop()
    publish({ id: '1', left: 5 })
    expect((await first).value).toMatchObject({ data: { changed: { n: null, left: 5 } }, errors: [{ path: ['changed'], extensions: { code: 'SUBGRAPH_UNREACHABLE', serviceName: 'catalog' } }] })
  })

  test('closes its source when the client completes it, or goes away', async () => {
    const { publish, listeners, stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog }, { shareSubscriptions: false })
    await using one = connect(graph.url)
    await using two = connect(graph.url)
    const events = one.client.iterate({ query })
    const others = two.client.iterate({ query })
    const first = [events.next(), others.next()]
    await until(() => listeners.size === 2)
    expect(graph.subgraphs.stock.openSockets()).toBe(1)
    publish({ id: '1', left: 1 })
    await Promise.all(first)
    await events.return?.()
    await until(() => listeners.size === 1)
    two.client.terminate()
    await expect(others.next()).rejects.toBeDefined()
    await until(() => listeners.size === 0 && graph.subgraphs.stock.openSockets() === 0)
  })

  test('carries the caller\'s allowed headers, and never shares a connection with another caller', async () => {
    const { listeners, stock, catalog, seen } = shop()
    await using graph = await startFederation({ stock, catalog })
    await using one = connect(graph.url, { Authorization: 'Bearer one', other: 'x' })
    await using two = connect(graph.url, { authorization: 'Bearer two' })
    void one.client.iterate({ query }).next()
    void two.client.iterate({ query }).next()
    await until(() => listeners.size === 2)
    expect(graph.subgraphs.stock.openSockets()).toBe(2)
    expect(seen).toEqual(expect.arrayContaining(['one', 'two'].map((name) => expect.objectContaining({ params: { authorization: `Bearer ${name}`, 'x-request-id': expect.any(String) }, headers: expect.objectContaining({ authorization: `Bearer ${name}` }) }))))
  })
})

describe('a subscription that cannot go on', () => {
  test('because its document is invalid ends with that error', async () => {
    const { stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    await using socket = connect(graph.url)
    await expect(socket.client.iterate({ query: 'subscription { nothing }' }).next()).rejects.toEqual([expect.objectContaining({ extensions: expect.objectContaining({ code: 'GRAPHQL_VALIDATION_FAILED' }) })])
  })

  test('because its source refuses says why', async () => {
    const { stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    await using socket = connect(graph.url)
    const events = socket.client.iterate({ query: 'subscription { broken { left } }' })
    expect((await events.next()).value).toMatchObject({ data: null, errors: [{ message: 'no source', path: ['broken'], extensions: { code: 'NO_SOURCE', serviceName: 'stock' } }] })
    expect((await events.next()).done).toBe(true)
  })

  test('because its subgraph is down ends with that error', async () => {
    const { stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    await graph.subgraphs.stock.stop()
    await using socket = connect(graph.url)
    await expect(socket.client.iterate({ query }).next()).rejects.toEqual([expect.objectContaining({ extensions: { code: 'SUBGRAPH_UNREACHABLE', serviceName: 'stock' } })])
  })

  test('is resumed when only the connection was lost', async () => {
    const { publish, listeners, stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    await using socket = connect(graph.url)
    const events = socket.client.iterate({ query })
    const first = events.next()
    await until(() => listeners.size === 1)
    const [lost] = listeners
    graph.subgraphs.stock.cutSockets()
    await until(() => [...listeners].some((queue) => queue !== lost))
    publish({ id: '1', left: 2 })
    expect((await first).value).toEqual({ data: { changed: { n: 'name 1', left: 2 } } })
  })
})

describe('over the same socket', () => {
  test('queries and mutations are answered too', async () => {
    const { stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    await using socket = connect(graph.url)
    expect((await socket.client.iterate({ query: '{ __typename a }' }).next()).value).toEqual({ data: { __typename: 'Query', a: null } })
  })
})

describe('server-sent events', () => {
  test('carry a subscription to clients without WebSocket', async () => {
    const { publish, finish, listeners, stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    const pending = fetch(graph.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream' }, body: JSON.stringify({ query }) })
    await until(() => listeners.size === 1)
    publish({ id: '3', left: 7 })
    const response = await pending
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    await until(() => graph.subgraphs.catalog.received.length === 1)
    finish()
    expect(await response.text()).toBe('event: next\ndata: {"data":{"changed":{"n":"name 3","left":7}}}\n\nevent: complete\ndata:\n\n')
  })
})

describe('a page of another site', () => {
  const open = async (url: string, headers: Record<string, string>): Promise<number> => {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { headers })
    const status = new Promise<number>((resolve) => socket.once('open', () => resolve(101)).once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode)))
    socket.on('error', () => {})
    const got = await status
    socket.terminate()
    return got
  }

  test('cannot open a connection in the name of whoever looks at it', async () => {
    const { stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog })
    const { origin } = new URL(graph.url)
    expect(await open(graph.url, { origin: 'https://elsewhere.example', cookie: 'session=1' })).toBe(403)
    expect(await open(graph.url, { origin: 'null' })).toBe(403)
    expect(await open(graph.url, { origin: 'https://shop.example', 'x-forwarded-host': 'api.example' })).toBe(403)
    expect(await open(graph.url, { origin })).toBe(101)
    expect(await open(graph.url, {})).toBe(101)
    expect(await open(graph.url, { origin: 'https://shop.example', 'x-forwarded-host': 'shop.example' })).toBe(101)
  })

  test('can where it is allowed to use the graph', async () => {
    const { stock, catalog } = shop()
    await using graph = await startFederation({ stock, catalog }, { allowOrigin: ['https://shop.example'] })
    expect([await open(graph.url, { origin: 'https://shop.example' }), await open(graph.url, { origin: 'https://elsewhere.example' })]).toEqual([101, 403])
  })
})

test('a document that is wrong is said to be so where', async () => {
  const { stock, catalog } = shop()
  await using graph = await startFederation({ stock, catalog })
  await using socket = connect(graph.url)
  await expect(socket.client.iterate({ query: 'subscription {\n  nothing }' }).next()).rejects.toEqual([expect.objectContaining({ locations: [{ line: 2, column: 3 }], extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })])
})
