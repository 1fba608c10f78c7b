import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { WebSocket } from 'ws'
import { createCaller, developer, publicCaller } from '../../runtime/identity/caller.ts'
import { createLogger } from '../../runtime/log.ts'
import { decodeConfig } from '../../runtime/config.ts'
import { gatewayConfig } from '../config.ts'
import { type Federation, type GatewaySettings, post, startFederation } from '../testing/federation.ts'
import { until } from '../testing/shop.ts'
import { Admission } from './admission.ts'
import { Load } from './load.ts'

const subgraph = {
  sdl: 'type Query { a: A  items: [A] } type A { a: A  b: Int }',
  resolvers: { Query: { a: () => ({ b: 1, a: { b: 2 } }), items: () => [] } },
}

function start(settings: GatewaySettings = {}): Promise<Federation<'things'>> {
  return startFederation({ things: subgraph }, settings)
}

function raw(url: string): Socket {
  const { hostname, port } = new URL(url)
  return connectTcp(Number(port), hostname)
}

async function everything(socket: Socket): Promise<string> {
  const closed = new Promise((resolve) => {
    socket.once('close', resolve)
  })
  let text = ''
  socket.on('error', () => {})
  socket.on('data', (data) => {
    text += data.toString('latin1')
  })
  await closed
  return text
}

describe('what a document asks', () => {
  test.each([
    ['MAX_DEPTH_LIMIT', { maxDepth: 2 }, '{ a { a { b } } }'],
    ['MAX_HEIGHT_LIMIT', { maxHeight: 2 }, '{ a { b } items { b } }'],
    ['MAX_ALIASES_LIMIT', { maxAliases: 1 }, '{ a { x: b y: b } }'],
    ['MAX_ROOT_FIELDS_LIMIT', { maxRootFields: 1 }, '{ a { b } items { b } }'],
    ['MAX_DIRECTIVES_LIMIT', { maxDirectives: 1 }, '{ a @skip(if: false) @include(if: true) { b } }'],
    ['GRAPHQL_PARSE_FAILED', { maxTokens: 5 }, '{ a { b b b } }'],
    ['COST_ESTIMATED_TOO_EXPENSIVE', { maxCost: 9 }, '{ items { b } }'],
  ])('is refused with %s before anything is fetched, unless there is no limit', async (code, settings, query) => {
    await using graph = await start(settings)
    const refused = await graph.ask(query)
    expect([refused.status === 400 || code === 'GRAPHQL_PARSE_FAILED', refused.errors.map(({ extensions }) => extensions.code)]).toEqual([true, [code]])
    expect(graph.subgraphs.things.received.filter((request) => !request.query.includes('__typename'))).toEqual([])
    const [name] = Object.keys(settings)
    await using free = await start({ [name ?? '']: 0 })
    expect((await free.ask(query)).errors).toEqual([])
  })

  test('a listed operation may be of any size, but not of any cost; nor may its text be sent by hand at first', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'limits-'))
    const manifest = join(folder, 'manifest.json')
    const operations = [
      { id: 'deep', name: 'Deep', type: 'query', body: 'query Deep { a { a { b } } }' },
      { id: 'dear', name: 'Dear', type: 'query', body: 'query Dear { items { a { a { b } } } }' },
    ]
    await writeFile(manifest, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }))
    await using graph = await start({ manifest, maxDepth: 2, maxCost: 25 })
    expect((await graph.ask('query Deep { a { a { b } } }')).errors[0]?.extensions.code).toBe('MAX_DEPTH_LIMIT')
    expect((await post(graph.url, { documentId: 'deep' })).errors).toEqual([])
    const dear = await post(graph.url, { documentId: 'dear' })
    expect(dear.errors[0]?.extensions).toEqual({ code: 'COST_ESTIMATED_TOO_EXPENSIVE', cost: { estimated: 30, max: 25 } })
    await rm(folder, { recursive: true })
  })

  test('clients are told the estimate when they ask for it', async () => {
    await using graph = await start({ maxCost: 500 })
    const answer = await graph.ask('{ a { a { b } } }', {}, { 'x-aisle-cost': '1' })
    expect(JSON.parse(answer.text)).toEqual({ data: { a: { a: { b: 2 } } }, extensions: { cost: { estimated: 2, max: 500 } } })
    expect(JSON.parse((await graph.ask('{ a { b } }')).text)).toEqual({ data: { a: { b: 1 } } })
  })

  test('a client that has spent its budget waits as long as it is told', async () => {
    await using graph = await start({ budget: { public: '5/1000' }, trustProxy: 1 })
    const ask = (client: string): ReturnType<typeof graph.ask> => graph.ask('{ a { a { b } } }', {}, { 'x-forwarded-for': client })
    expect((await ask('1.1.1.1')).status).toBe(200)
    expect((await ask('1.1.1.1')).status).toBe(200)
    const refused = await ask('1.1.1.1')
    expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([429, 'RATE_LIMITED'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(900)
    expect((await ask('2.2.2.2')).status).toBe(200)
  })

  test('only the roles named may send documents that are not in the manifest', () => {
    const settings = decodeConfig(gatewayConfig, { supergraph: 'x', freeForm: ['analyst'] })
    const admission = new Admission(settings, { manifest: new Map(), persistedOnly: false }, createLogger('limits', 'silent'))
    const only = [publicCaller, createCaller({ subject: 'a', roles: ['analyst'] }), createCaller({ subject: 's', roles: ['staff'] }), developer()].map((who) => admission.policyFor(who).persistedOnly)
    expect(only).toEqual([true, false, true, false])
  })

  test('a packed body is unpacked no further than a body may be large', async () => {
    await using graph = await start()
    const bomb = gzipSync(Buffer.alloc(20_000_000, ' '))
    const response = await fetch(graph.url, { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: bomb })
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining('PAYLOAD_TOO_LARGE')])
  })
})

describe('load', () => {
  test('operations beyond what runs and waits are turned away; health is answered', async () => {
    await using graph = await start({ maxConcurrent: 1, maxQueue: 1, timeout: 500, retries: 0, shareQueries: false, shareSubgraphRequests: false })
    graph.subgraphs.things.answerWith('nothing')
    const answers = await Promise.all(Array.from({ length: 4 }, () => graph.ask('{ a { b } }')))
    const turnedAway = answers.filter(({ status }) => status === 503)
    expect(turnedAway.map(({ errors: [error], headers }) => [error?.extensions.code, headers.get('retry-after')])).toEqual([['OVERLOADED', '1'], ['OVERLOADED', '1']])
    expect((await fetch(new URL('/health/live', graph.url))).status).toBe(200)
  })

  test('a full heap turns operations away; health and metrics are answered', async () => {
    await using graph = await start({ maxHeap: 1 })
    const status = async (): Promise<number> => (await graph.ask('{ a { b } }')).status
    const held: string[][] = []
    while ((await status()) !== 503) held.push(Array.from({ length: 50_000 }, (_, index) => `${index}${held.length}`))
    expect((await fetch(new URL('/health/live', graph.url))).status).toBe(200)
    expect((await fetch(new URL('/metrics', graph.url))).status).toBe(200)
  })

  test('a late event loop is an overload when it is late twice', async () => {
    using load = new Load({ maxConcurrent: 0, maxQueue: 0, maxLagMs: 20, maxHeap: 0 })
    const block = (): void => {
      const end = performance.now() + 150
      while (performance.now() < end);
    }
    expect(load.overloaded).toBe(false)
    const busy = setInterval(block, 1)
    await until(() => load.overloaded)
    clearInterval(busy)
    expect(() => load.refuseWhenOverloaded()).toThrow(expect.objectContaining({ code: 'OVERLOADED', details: { retryAfterSeconds: 1 } }))
    await until(() => !load.overloaded)
  })
})

describe('slow clients', () => {
  test('a body that trickles in is cut off', async () => {
    await using graph = await start({ minUploadRate: 1_000_000, uploadGrace: 200 })
    const socket = raw(graph.url)
    socket.write('POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"query":')
    const drip = setInterval(() => socket.write(' '), 20)
    expect(await everything(socket)).toContain('408 Request Timeout')
    clearInterval(drip)
  })

  test('so is a head', async () => {
    await using graph = await start({ headersTimeout: 200 })
    const socket = raw(graph.url)
    socket.write('GET /graphql?query={a{b}} HTTP/1.1\r\n')
    expect(await everything(socket)).toContain('408 Request Timeout')
  })

  test('connections of one address are counted', async () => {
    await using graph = await start({ maxConnectionsPerAddress: 2 })
    const sockets = [raw(graph.url), raw(graph.url)]
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    expect(await everything(raw(graph.url))).toBe('')
    sockets.forEach((socket) => socket.destroy())
    await until(() => sockets.every(({ closed }) => closed))
    let answered = false
    while (!answered) answered = await graph.ask('{ a { b } }').then(() => true, () => false)
  })

  test('a WebSocket on which nothing runs is closed', async () => {
    await using graph = await start({ socketIdle: 50 })
    const socket = new WebSocket(graph.url.replace('http', 'ws'), 'graphql-transport-ws')
    socket.on('open', () => socket.send('{"type":"connection_init"}'))
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(4014)
  })
})
