import { expect, test } from '@jest/globals'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { openNodeData } from '../../edge-cache/node/data/index.ts'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { startTestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { createLogger } from '../../runtime/log.ts'
import { Registry } from '../../runtime/metrics.ts'
import { putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { until } from '../environment/wait.ts'

/** A link whose other end can vanish: connections stay open and nothing passes any more, as behind a router that lost its uplink. */
async function openLink(target: URL) {
  let passing = true
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from)
      from.on('data', (bytes) => void (passing && to.write(bytes)))
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        if (passing) to.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    vanish() {
      passing = false
    },
    /** What was under way is gone; new connections pass. */
    comeBack() {
      passing = true
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

test('a link whose other end vanished without a word is noticed within seconds, and taken up again', async () => {
  using folder = scratchFolder()
  await using origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 10))
  await using link = await openLink(new URL(origin.url))
  await using data = await openNodeData({ storeId: 's1', directory: folder.path, origin: link.url, extensions: [], log: createLogger('edge', 'silent'), metrics: new Registry() })
  await until('the first copy', () => data.status().online && data.status().position !== null)

  link.vanish()
  await until('the node to notice', () => !data.status().online, 12_000)
  const command = { operationId: 'm', storeId: 's1', productId: 'p1', kind: 'SALE', quantity: -3, occurredAt: null } as const
  expect(await data.inventory.recordMovement(command, { principal: 'till', now: Date.now() })).toMatchObject({ pending: true, result: { on_hand: 7 } })
  expect(data.status().ageSeconds).toBeGreaterThanOrEqual(8)

  link.comeBack()
  await until('the link to be up again', () => data.status().online)
  await until('the write to be settled', () => data.status().pendingOperations === 0)
  expect((await origin.log.storage.db.selectFrom('stock').select('on_hand').executeTakeFirstOrThrow()).on_hand).toBe(7)
})
