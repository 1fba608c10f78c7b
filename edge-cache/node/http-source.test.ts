import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGzip } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { registerLogSourceTests } from '../../subgraphs/log/testing/source-suite.ts'
import { Gate } from '../../runtime/gate.ts'
import { closeServer } from '../../runtime/server.ts'
import { createPostgresSource } from '../../subgraphs/log/postgres-source.ts'
import { NodeDirectory } from '../origin/nodes.ts'
import { StoreLag } from '../origin/lag.ts'
import { registerSync } from '../origin/sync.ts'
import { createLogger } from '../../runtime/log.ts'
import { linesType, protocolHeader } from '../protocol.ts'
import { createHttpLogSource } from './http-source.ts'
import { listen } from '../../runtime/server.ts'
import fastify from 'fastify'

registerLogSourceTests('origin over HTTP', async ({ storage }) => {
  const source = createPostgresSource(storage, { keepTail: true })
  const app = fastify({ forceCloseConnections: true })
  const sync = registerSync(app, { storage, source, deliveries: new Gate({ atOnce: 4, queue: 10 }), nodes: new NodeDirectory(storage), requireEnrolment: false, statementTimeoutMs: 60_000, lag: new StoreLag(), log: createLogger('test', 'silent') })
  await app.ready()
  const port = await listen(app.server, 0, '127.0.0.1')
  const client = createHttpLogSource({ origin: `http://127.0.0.1:${port}`, storeId: 's1' })
  return {
    source: client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      sync[Symbol.dispose]()
      await closeServer(app.server)
      await app.close()
      await source[Symbol.asyncDispose]()
    },
  }
})

describe('what answers for origin', () => {
  const scopes = ['chain', 'store:s1']
  const after = { epoch: 'e', batch: 1 }

  async function answering(listener: RequestListener, timeoutMs?: number) {
    const server = createServer(listener)
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const source = createHttpLogSource({ origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, storeId: 's1', ...(timeoutMs === undefined ? {} : { timeoutMs }) })
    return {
      source,
      async [Symbol.asyncDispose]() {
        await source[Symbol.asyncDispose]()
        await closeServer(server, 0)
      },
    }
  }

  const page = JSON.stringify({ parts: [], next: after, head: { ...after, at: 1, now: 1 } })

  test.each<[string, RequestListener]>([
    ['a captive portal', (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please sign in</html>')],
    ['a redirect to one', (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['a portal that signs everybody in', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}')],
    ['nothing in an answer', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', [protocolHeader]: '1' }).end('{}')],
    ['a page that grew on the way', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', [protocolHeader]: '1' }).end(`${page}<script>`)],
    ['an empty answer', (_request, response) => void response.writeHead(204, { [protocolHeader]: '1' }).end()],
    ['a packing that was not asked for', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'deflate', [protocolHeader]: '1' }).end(page)],
    ['a page of another epoch', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', [protocolHeader]: '1' }).end(page.replaceAll('"e"', '"f"'))],
    ['JSON that only looks right', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(page)],
    ['another version', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', [protocolHeader]: '2' }).end(page)],
    ['another type', (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain', [protocolHeader]: '1' }).end(page)],
    ['no JSON', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', [protocolHeader]: '1' }).end('{"parts":')],
    ['a page without a head', (_request, response) => void response.writeHead(200, { 'content-type': 'application/json', [protocolHeader]: '1' }).end(JSON.stringify({ parts: [], next: after }))],
    ['a refusal without a reason', (_request, response) => void response.writeHead(500, { 'content-type': 'application/json', [protocolHeader]: '1' }).end('{}')],
  ])('is not believed: %s', async (_name, listener) => {
    await using server = await answering(listener)
    await expect(server.source.changes(scopes, after)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
  })

  test('that unpacks to more than can be an answer is not read to its end', async () => {
    // A gigabyte of spaces in a megabyte.
    const megabyte = Buffer.alloc(1_048_576, 32)
    let packed = 0
    await using server = await answering((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', [protocolHeader]: '1' })
      const gzip = createGzip()
      gzip.pipe(response)
      response.once('close', () => gzip.destroy())
      const more = (): void => {
        while (!gzip.destroyed && packed < 1_024) {
          packed += 1
          if (!gzip.write(megabyte)) return void gzip.once('drain', more)
        }
        gzip.end()
      }
      more()
    })
    await expect(server.source.changes(scopes, after)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION', details: { smaller: true } })
    expect(packed).toBeLessThan(1_024)
  })

  test('that never answers, or breaks off, is unreachable', async () => {
    {
      await using silent = await answering(() => {}, 100)
      await expect(silent.source.changes(scopes, after)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' })
    }
    await using broken = await answering((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', [protocolHeader]: '1' })
      response.write(page.slice(0, 10), () => response.destroy())
    })
    await expect(broken.source.changes(scopes, after)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' })
    await broken[Symbol.asyncDispose]()
    await expect(broken.source.changes(scopes, after)).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' })
  })

  test('a snapshot that ends early is not taken for whole', async () => {
    const header = { head: { ...after, at: 1, now: 1 }, consistentFrom: 1, positions: {}, rows: 2 }
    const chunk = { entity: 'product', rows: [{ id: 'p1' }] }
    const send = (...lines: object[]): RequestListener => (_request, response) =>
      void response.writeHead(200, { 'content-type': linesType, [protocolHeader]: '1' }).end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const read = async (listener: RequestListener) => {
      await using server = await answering(listener)
      const { chunks } = await server.source.snapshot(scopes)
      for await (const _chunk of chunks);
    }
    await expect(read(send(header, chunk))).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' })
    await expect(read(send(header, chunk, { end: { rows: 1 } }))).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
    await expect(read(send(header, chunk, chunk, { end: { rows: 2 } }))).resolves.toBeUndefined()
  })

  test('serves the scopes of its own store alone', async () => {
    await using server = await answering((_request, response) => void response.end())
    await expect(server.source.changes(['chain', 'store:s2'], after)).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' })
  })
})
