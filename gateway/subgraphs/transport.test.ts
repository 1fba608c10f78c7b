import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { AisleError } from '../../runtime/errors.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { Deadlines } from './deadlines.ts'
import { openTransport, type Transport, type TransportOptions } from './transport.ts'

const answer = '{"data":{"a":"ä"}}'
const never = new AbortController().signal

let folder = ''
let certificate = ''
let key = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'aisle-transport-'))
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', names, '-keyout', keyFile, '-out', certificateFile], { stdio: 'ignore' })
  certificate = readFileSync(certificateFile, 'utf8')
  key = readFileSync(keyFile, 'utf8')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Bench extends AsyncDisposable {
  readonly transport: Transport
  /** Connections that clients have opened so far. */
  readonly opened: () => number
}

async function startBench(protocol: 'http' | 'https', respond: RequestListener, options: Partial<TransportOptions> = {}, host = '127.0.0.1'): Promise<Bench> {
  const server: Server = protocol === 'http' ? createPlainServer(respond) : createSecureServer({ cert: certificate, key }, respond)
  let opened = 0
  server.on(protocol === 'http' ? 'connection' : 'secureConnection', () => opened++)
  const port = await listen(server, 0, host)
  const deadlines = new Deadlines()
  const transport = openTransport(
    new URL(`${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}/graphql?team=one`),
    { maxBytes: 1_000, connections: 2, connectMs: 5_000, authorities: certificate, ...options },
    deadlines,
  )
  return {
    transport,
    opened: () => opened,
    async [Symbol.asyncDispose]() {
      transport[Symbol.dispose]()
      deadlines[Symbol.dispose]()
      await closeServer(server, 0)
    },
  }
}

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'answered',
    (error: unknown) => (AisleError.is(error) ? error.code : String(error)),
  )
}

const ipv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1') === true)

describe.each(['http', 'https'] as const)('over %s', (protocol) => {
  test('a request arrives as it was meant', async () => {
    const received: unknown[] = []
    await using bench = await startBench(protocol, (request, response) => {
      const { method, url, headers } = request
      let body = ''
      request.setEncoding('utf8').on('data', (part: string) => (body += part)).on('end', () => {
        received.push({ method, url, body, type: headers['content-type'], accept: headers.accept, tenant: headers['x-tenant'], length: Number(headers['content-length']) })
        response.end(answer)
      })
    })
    const body = '{"query":"{ ä }"}'
    expect(await bench.transport.post(body, { 'x-tenant': 'ünï', 'content-length': '3', 'content-type': 'text/plain' }, never, 5_000)).toEqual({ status: 200, text: answer })
    expect(received).toEqual([{ method: 'POST', url: '/graphql?team=one', body, type: 'application/json', accept: 'application/graphql-response+json, application/json', tenant: 'ünï', length: Buffer.byteLength(body) }])
  })

  test('another path of the server can be read, whatever its status', async () => {
    await using bench = await startBench(protocol, ({ method, url }, response) => response.writeHead(503).end(`${method} ${url}`))
    expect(await bench.transport.get('/health/ready', 5_000)).toEqual({ status: 503, text: 'GET /health/ready' })
  })

  test.each([['gzip', gzipSync], ['br', brotliCompressSync]] as const)('an answer in %s is unpacked', async (encoding, pack) => {
    await using bench = await startBench(protocol, (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(pack(answer)))
    expect((await bench.transport.post('{}', {}, never, 5_000)).text).toBe(answer)
  })

  test('connections are used again, and no more are opened than allowed', async () => {
    await using bench = await startBench(protocol, (_request, response) => response.end(answer))
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 5 }, () => bench.transport.post('{}', {}, never, 5_000)))
    expect(bench.opened()).toBeLessThanOrEqual(2)
  })

  test.each(['told', 'in chunks', 'packed'])('an answer that is too large is refused: %s', async (way) => {
    const large = 'x'.repeat(2_000)
    await using bench = await startBench(protocol, (_request, response) => {
      if (way === 'packed') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(large))
      else if (way === 'told') response.writeHead(200, { 'content-length': large.length }).end(large)
      else response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(large)
    })
    expect(await codeOf(bench.transport.post('{}', {}, never, 5_000))).toBe('SUBGRAPH_BAD_RESPONSE')
  })

  test('one that takes too long is given up, before and within its answer', async () => {
    await using silent = await startBench(protocol, () => {})
    await using halting = await startBench(protocol, (_request, response) => response.writeHead(200, { 'content-length': 100 }).write('{'))
    expect(await Promise.all([silent, halting].map(({ transport }) => codeOf(transport.post('{}', {}, never, 100))))).toEqual(['SUBGRAPH_TIMEOUT', 'SUBGRAPH_TIMEOUT'])
  })

  test('one that nobody wants any more is ended, and its connection with it', async () => {
    const gone = Promise.withResolvers<void>()
    const leaving = new AbortController()
    await using bench = await startBench(protocol, (request) => {
      request.socket.once('close', () => gone.resolve())
      leaving.abort()
    })
    expect(await codeOf(bench.transport.post('{}', {}, leaving.signal, 60_000))).toBe('REQUEST_CANCELLED')
    await gone.promise
    expect(await codeOf(bench.transport.post('{}', {}, leaving.signal, 60_000))).toBe('REQUEST_CANCELLED')
  })

  test('a connection that breaks is told, and the next request has another', async () => {
    let turn = 0
    await using bench = await startBench(protocol, (request, response) => (turn++ === 0 ? request.socket.destroy() : response.end(answer)))
    expect(await codeOf(bench.transport.post('{}', {}, never, 5_000))).toBe('SUBGRAPH_UNREACHABLE')
    expect((await bench.transport.post('{}', {}, never, 5_000)).text).toBe(answer)
  })

  test('where nothing listens, it is told at once', async () => {
    await using bench = await startBench(protocol, () => {})
    await using closed = await startBench(protocol, () => {})
    await closed[Symbol.asyncDispose]()
    expect(await codeOf(closed.transport.post('{}', {}, never, 60_000))).toBe('SUBGRAPH_UNREACHABLE')
    expect(bench.opened()).toBe(0)
  })

  test('what is no HTTP is no answer', async () => {
    await using server = await startTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'))
    const { transport } = server.open(protocol)
    const code = await codeOf(transport.post('{}', {}, never, 5_000))
    // Over TLS it fails before anything is asked.
    expect(code).toBe(protocol === 'http' ? 'SUBGRAPH_BAD_RESPONSE' : 'SUBGRAPH_UNREACHABLE')
  })

  ;(ipv6 ? test : test.skip)('an IPv6 address may stand for a name', async () => {
    await using bench = await startBench(protocol, ({ headers }, response) => response.end(headers.host), {}, '::1')
    expect((await bench.transport.post('{}', {}, never, 5_000)).text).toMatch(/^\[::1\]:\d+$/)
  })

  test('a header that could be taken for two is not sent', async () => {
    await using bench = await startBench(protocol, (_request, response) => response.end(answer))
    await expect((async () => bench.transport.post('{}', { 'x-tenant': 'one\r\nx-admin: yes' }, never, 5_000))()).rejects.toThrow()
  })
})

interface TcpBench extends AsyncDisposable {
  open(protocol: 'http' | 'https'): { readonly transport: Transport }
}

/** A server that speaks by hand. */
async function startTcp(onConnection: (socket: Socket) => void): Promise<TcpBench> {
  const sockets = new Set<Socket>()
  const server: TcpServer = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('data', () => {}))
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const transports: Transport[] = []
  const deadlines = new Deadlines()
  return {
    open(protocol) {
      const transport = openTransport(new URL(`${protocol}://127.0.0.1:${port}/`), { maxBytes: 1_000, connections: 1, connectMs: 300 }, deadlines)
      transports.push(transport)
      return { transport }
    },
    async [Symbol.asyncDispose]() {
      for (const transport of transports) transport[Symbol.dispose]()
      deadlines[Symbol.dispose]()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a server that never completes the handshake is given up after the time for connecting', async () => {
  await using server = await startTcp(() => {})
  expect(await codeOf(server.open('https').transport.post('{}', {}, never, 60_000))).toBe('SUBGRAPH_UNREACHABLE')
})

test('a server whose certificate nobody vouches for is not spoken to', async () => {
  let asked = 0
  const server = createSecureServer({ cert: certificate, key }, (_request, response) => {
    asked++
    response.end(answer)
  })
  const port = await listen(server, 0, '127.0.0.1')
  using transport = openTransport(new URL(`https://localhost:${port}/`), { maxBytes: 1_000, connections: 1, connectMs: 5_000 }, new Deadlines())
  expect(await codeOf(transport.post('{}', {}, never, 5_000))).toBe('SUBGRAPH_UNREACHABLE')
  expect(asked).toBe(0)
  await closeServer(server, 0)
})
