import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { MemoryCloud } from '../../edge-cache/node/data/testing/memory-cloud.ts'
import { edgeConfigSchema } from '../../edge-cache/node/config.ts'
import { openNodeData } from '../../edge-cache/node/data/index.ts'
import { startEdge } from '../../edge-cache/node/main.ts'
import { startTestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { startFederation } from '../../gateway/testing/federation.ts'
import { defaultPatience, serverOptions, type Patience } from '../../runtime/http/patience.ts'
import { createRoleContext } from '../../runtime/role.ts'
import { createInventoryCommands } from '../../subgraphs/inventory/postgres-commands.ts'
import { inventory } from '../../subgraphs/inventory/index.ts'
import { openSubgraph } from '../../subgraphs/serve/open.ts'
import { serveForTest } from '../conformance/served.ts'

const patience: Patience = { headersTimeout: 200, requestTimeout: 400, keepAlive: 100, maxRequestsPerConnection: 3 }

/** Starts a server of this kind under the stack; the path is one that takes a body. */
type Start = (stack: AsyncDisposableStack) => Promise<{ readonly url: string; readonly path: string; readonly headers?: string }>

const kinds: Readonly<Record<string, Start>> = {
  async gateway(stack) {
    // Its own look at how fast bodies come is off: this is about what every server has.
    const { url } = stack.use(await startFederation({ things: { sdl: 'type Query { a: Int }', resolvers: { Query: { a: () => 1 } } } }, { ...patience, minUploadRate: 0 }))
    return { url, path: '/graphql' }
  },
  async subgraph(stack) {
    const { url } = stack.use(await serveForTest((storage) => openSubgraph(inventory, { commands: createInventoryCommands(storage), now: Date.now }), undefined, patience))
    return { url, path: '/graphql' }
  },
  async origin(stack) {
    const { url } = stack.use(await startTestOrigin(undefined, 0, { ...patience }))
    return { url, path: '/sync/stores/s1/operations', headers: 'Aisle-Protocol: 1\r\n' }
  },
  async 'store\'s node'(stack) {
    const folder = stack.use(scratchFolder())
    const cloud = new MemoryCloud('7')
    const manifest = fileURLToPath(new URL('../../schema/manifest.json', import.meta.url))
    const config = edgeConfigSchema.parse({ ...patience, port: 0, host: '127.0.0.1', origin: 'http://localhost:9', store: '7', data: folder.path, manifest })
    const { url } = stack.use(await startEdge(config, createRoleContext('edge', 'silent'), async (_config, { log, metrics }, inner) =>
      inner.use(await openNodeData({ storeId: '7', directory: folder.path, origin: cloud, extensions: [], log, metrics, waitMs: 20 }))))
    return { url, path: '/graphql' }
  },
}

describe.each(Object.entries(kinds))('a slow client of a %s', (_kind, start) => {
  const stack = new AsyncDisposableStack()
  let server: Awaited<ReturnType<Start>>
  beforeAll(async () => {
    server = await start(stack)
  }, 60_000)
  afterAll(() => stack.disposeAsync())

  const open = (): { readonly socket: Socket; readonly text: Promise<string> } => {
    const { port, hostname } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (data) => {
      text += data.toString('latin1')
    })
    // A connection that is cut off while more is on its way to it ends in an error, and is cut off all the same.
    return { socket, text: new Promise((resolve) => socket.once('close', () => resolve(text))) }
  }
  /** Says `first`, then a little again and again, for as long as it is let. @returns what it was answered until it was cut off */
  const drip = async (first: string, more: string): Promise<string> => {
    const { socket, text } = open()
    socket.write(first)
    const timer = setInterval(() => socket.write(more), 20)
    const answer = await text
    clearInterval(timer)
    return answer
  }
  const live = (connection: 'close' | 'keep-alive'): string => `GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: ${connection}\r\n\r\n`
  const post = (): string => `POST ${server.path} HTTP/1.1\r\nHost: a\r\n${server.headers ?? ''}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`

  test('is cut off, whether its head or its body comes drop by drop, and others are served meanwhile', async () => {
    const slow = Array.from({ length: 40 }, (_, nth) => (nth % 2 === 0 ? drip('POST /graphql HTTP/1.1\r\n', 'X-a: b\r\n') : drip(post(), ' ')))
    const quick = open()
    quick.socket.write(live('close'))
    expect(await quick.text).toMatch(/^HTTP\/1\.1 200 .*"live":true/s)
    const answers = await Promise.all(slow)
    // What came too late to be read is lost with the connection.
    for (const answer of answers) expect(answer).toMatch(/^(?:HTTP\/1\.1 408 |$)/)
    expect(answers.some((answer) => answer !== '')).toBe(true)
  })

  test('does not keep a connection that it does not use, nor one for ever', async () => {
    const idle = open()
    idle.socket.write(live('keep-alive'))
    const busy = open()
    busy.socket.write(live('keep-alive').repeat(patience.maxRequestsPerConnection))
    expect((await idle.text).match(/HTTP\/1\.1 200 /g)).toHaveLength(1)
    expect((await busy.text).match(/HTTP\/1\.1 200 [^{]*connection: close/gi)).toHaveLength(1)
  })
})

test('a head may take no longer than the whole, and 0 is no limit', () => {
  expect(serverOptions({ ...defaultPatience, headersTimeout: 0, requestTimeout: 0 })).toMatchObject({ headersTimeout: 0, requestTimeout: 0, connectionsCheckingInterval: 1_000 })
  expect(serverOptions({ ...defaultPatience, requestTimeout: 500 })).toMatchObject({ headersTimeout: 500, requestTimeout: 500, connectionsCheckingInterval: 250 })
})
