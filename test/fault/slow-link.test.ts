import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { createLogger } from '../../runtime/log.ts'
import { Registry } from '../../runtime/metrics.ts'
import { openNodeData } from '../../edge-cache/node/data/index.ts'
import { startTestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { pause } from '../../subgraphs/log/backoff.ts'
import { putStore } from '../../subgraphs/log/testing/test-log.ts'
import { until } from '../../subgraphs/log/testing/until.ts'

interface Link extends AsyncDisposable {
  readonly url: string
  /** Connections that were cut so far. */
  readonly cuts: number
  /** Bytes that came down so far. */
  readonly bytes: number
}

/** A link that carries a few bytes at a time, late, and breaks each connection after so many bytes down. */
async function poorLink(target: string, { bytesAtOnce, lateMs, cutAfter }: { bytesAtOnce: number; lateMs: number; cutAfter: () => number }): Promise<Link> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let cuts = 0
  let bytes = 0
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    keep(near)
    keep(far)
    near.pipe(far)
    near.once('close', () => far.destroy())
    void (async () => {
      let left = cutAfter()
      try {
        for await (const chunk of far as AsyncIterable<Buffer>) {
          for (let at = 0; at < chunk.length && left > 0; at += bytesAtOnce) {
            const piece = chunk.subarray(at, Math.min(at + bytesAtOnce, at + left))
            await pause(lateMs)
            if (!near.write(piece)) await once(near, 'drain')
            left -= piece.length
            bytes += piece.length
          }
          if (left > 0) continue
          cuts += 1
          break
        }
      } catch {
        // One end went away: so does the other.
      }
      near.destroy()
      far.destroy()
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return cuts
    },
    get bytes() {
      return bytes
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

test('over a link that is slow, late and breaks again and again, the first copy arrives, and each part of it about once', async () => {
  await using origin = await startTestOrigin()
  const levels = 3_000
  await origin.log.write(putStore('s1'), `insert into product (id, name, description) select 'p' || i, 'Product ' || i, md5(i::text) || md5((i + 1)::text) from generate_series(1, ${levels}) i`)
  // A connection lives for about a fifth of what has to come.
  await using link = await poorLink(origin.url, { bytesAtOnce: 4_000, lateMs: 4, cutAfter: () => 30_000 })
  const folder = await mkdtemp(join(tmpdir(), 'aisle-slow-'))
  try {
    await using data = await openNodeData({ storeId: 's1', directory: folder, origin: link.url, extensions: [], log: createLogger('test', 'silent'), metrics: new Registry(), waitMs: 100, mostPauseMs: 50 })
    await until(() => data.status().position !== null)
    using session = await data.read()
    expect(session.connection.prepare('select count(*) as rows from product').get()?.rows).toBe(levels)
    expect(link.cuts).toBeGreaterThan(2)
    // Whole, it has about 150,000 bytes packed.
    expect(link.bytes).toBeLessThan(600_000)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a log that is longer than a connection lives comes in parts, and each part of it about once', async () => {
  await using origin = await startTestOrigin()
  await origin.log.write(putStore('s1'))
  let cutAfter = Infinity
  await using link = await poorLink(origin.url, { bytesAtOnce: 4_000, lateMs: 4, cutAfter: () => cutAfter })
  const folder = await mkdtemp(join(tmpdir(), 'aisle-slow-'))
  try {
    const open = () => openNodeData({ storeId: 's1', directory: folder, origin: link.url, extensions: [], log: createLogger('test', 'silent'), metrics: new Registry(), waitMs: 100, mostPauseMs: 50 })
    {
      await using first = await open()
      await until(() => first.status().online && first.status().position !== null)
    }
    const before = link.bytes
    cutAfter = 12_000
    // A thousand of them, as a node asks for, has about 60,000 bytes packed.
    const products = 3_000
    await origin.log.write(`insert into product (id, name, description) select 'p' || i, 'Product ' || i, md5(i::text) || md5((i + 1)::text) from generate_series(1, ${products}) i`)
    await using data = await open()
    await until(async () => {
      using session = await data.read()
      return session.connection.prepare('select count(*) as rows from product').get()?.rows === products
    })
    expect(link.cuts).toBeGreaterThan(2)
    expect(link.bytes - before).toBeLessThan(1_200_000)
  } finally {
    await rm(folder, { recursive: true })
  }
})
