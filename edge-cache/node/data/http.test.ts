import { expect, test } from '@jest/globals'
import { createLogger } from '../../../runtime/log.ts'
import { Registry } from '../../../runtime/metrics.ts'
import { putProduct, putStock, putStore } from '../../../subgraphs/log/testing/test-log.ts'
import { createInventoryCommands } from '../../../subgraphs/inventory/postgres-commands.ts'
import { originConfigSchema } from '../../origin/config.ts'
import { startOrigin } from '../../origin/origin.ts'
import { startTestOrigin } from '../../origin/testing/test-origin.ts'
import { openNodeData } from './index.ts'
import { eventually, scratchFolder } from './testing/conditions.ts'
import { as } from './testing/node.ts'

const place = { storeId: 's1', productId: 'p1' }

test('with origin killed a node goes on, says so, and delivers each write once when origin is back', async () => {
  using folder = scratchFolder()
  await using stack = new AsyncDisposableStack()
  const first = stack.use(await startTestOrigin())
  const { storage } = first.log
  await first.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 10), "insert into device (id, store_id, kind) values ('d1', 's1', 'FREEZER')")
  const metrics = new Registry()
  await using data = await openNodeData({ storeId: 's1', directory: folder.path, origin: first.url, extensions: [], log: createLogger('edge', 'silent'), metrics })
  await eventually(() => data.status().position !== null && data.status().online, 'the first copy has arrived')

  await first.role[Symbol.asyncDispose]()
  await eventually(() => !data.status().online, 'the node notices', 2_000)
  const now = Date.now()
  const movement = { operationId: 'm', ...place, kind: 'SALE', quantity: -3, occurredAt: now + 1 } as const
  expect(await data.inventory.recordMovement(movement, as('staff'))).toMatchObject({ pending: true, result: { on_hand: 7 } })
  expect(await data.inventory.recordCount({ operationId: 'c', ...place, counted: 5, countedAt: now }, as('staff'))).toMatchObject({ pending: true, result: { on_hand: 2 } })
  const reading = { metric: 'temperature', at: now, value: -18 }
  expect(await data.device.reportReadings({ operationId: 'r', deviceId: 'd1', readings: [reading] }, as('sensor'))).toMatchObject({ pending: true, result: 1 })
  expect(await metrics.metrics()).toMatch(/aisle_edge_outbox_operations 3\b/)
  // What a handheld tries again at the cloud counts once as well.
  const direct = await createInventoryCommands(storage).recordMovement(movement, as('staff'))
  expect(direct).toMatchObject({ pending: false, result: { on_hand: 7 } })

  const port = Number(new URL(first.url).port)
  stack.use(await startOrigin(originConfigSchema.parse({ databaseUrl: storage.connectionString, port, host: '127.0.0.1', tick: 1, lease: 1_000, connections: 5 }), { ...first.context, health: first.context.health, metrics: new Registry() }))
  await eventually(() => data.status().pendingOperations === 0, 'everything is settled')
  const { db } = storage
  expect((await db.selectFrom('stock').select('on_hand').executeTakeFirstOrThrow()).on_hand).toBe(2)
  expect(await db.selectFrom('movement').select(['kind', 'quantity', 'counted', 'occurred_at']).orderBy('occurred_at').execute()).toEqual([
    { kind: 'COUNT', quantity: null, counted: 5, occurred_at: now },
    { kind: 'SALE', quantity: -3, counted: null, occurred_at: now + 1 },
  ])
  expect(await db.selectFrom('reading').select(['metric', 'at', 'value']).execute()).toEqual([reading])
  expect(data.status().online).toBe(true)

  // At the head, cloud and store say the same to the last column.
  await eventually(async () => {
    using session = await data.read()
    const rows = await Promise.all([db, session.storage.db].map(async (from) => [await from.selectFrom('stock').selectAll().execute(), await from.selectFrom('device').selectAll().execute()]))
    return JSON.stringify(rows[0]) === JSON.stringify(rows[1])
  }, 'the copy is the cloud\'s')
})
