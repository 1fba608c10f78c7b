import { expect, test } from '@jest/globals'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeData } from '../data.ts'
import { eventually, scratchFolder } from './testing/conditions.ts'
import { as, count, openTestNode, operationId, sale, shownStock, smallCloud, storeId } from './testing/node.ts'

const copied = (data: NodeData) => eventually(() => data.status().position !== null, 'the first copy has arrived')
const settled = (data: NodeData) => eventually(() => data.status().pendingOperations === 0, 'every write is settled')

test('before the first copy a node refuses to read and to write, and then serves it', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  cloud.down = true
  await using data = await openTestNode(folder.path, cloud)
  expect(data.status()).toMatchObject({ position: null, asOf: null, online: false, pendingOperations: 0 })
  await expect(data.read()).rejects.toMatchObject({ code: 'NOT_READY' })
  await expect(data.inventory.recordMovement(sale('tea', -1), as('till'))).rejects.toMatchObject({ code: 'NOT_READY' })
  cloud.down = false
  await copied(data)
  expect(await shownStock(data, 'tea')).toBe(10)
  expect(data.status().online).toBe(true)
})

test('a write made offline is shown at once, delivered when the link returns, and counts once', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  cloud.down = true
  await eventually(() => !data.status().online, 'the node notices that the link is down', 2_000)

  const outcome = await data.inventory.recordMovement(sale('tea', -3), as('till'))
  expect(outcome).toMatchObject({ pending: true, userErrors: [], result: { product_id: 'tea', on_hand: 7, reorder_point: 2 } })
  expect(await shownStock(data, 'tea')).toBe(7)
  expect(await data.inventory.recordMovement(sale('never', 4), as('till'))).toMatchObject({ result: { on_hand: 4, reorder_point: null } })
  expect(await data.inventory.recordCount(count('milk', 5), as('till'))).toMatchObject({ pending: true, result: { on_hand: 5 } })
  expect(data.status().pendingOperations).toBe(3)
  expect(cloud.levelOf('tea')).toBe(10)

  cloud.down = false
  await settled(data)
  expect([cloud.levelOf('tea'), cloud.levelOf('never'), cloud.levelOf('milk')]).toEqual([7, 4, 5])
  expect([await shownStock(data, 'tea'), await shownStock(data, 'never'), await shownStock(data, 'milk')]).toEqual([7, 4, 5])
})

test('a node starts offline from its disk, with the writes that were under way', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  const command = sale('tea', -2)
  {
    await using data = await openTestNode(folder.path, cloud)
    await copied(data)
    cloud.down = true
    await data.inventory.recordMovement(command, as('till'))
  }
  await using data = await openTestNode(folder.path, cloud)
  expect(await shownStock(data, 'tea')).toBe(8)
  expect(data.status()).toMatchObject({ online: false, pendingOperations: 1 })
  expect(await data.inventory.recordMovement(command, as('till'))).toMatchObject({ pending: true, result: { on_hand: 8 } })
  expect(data.status().pendingOperations).toBe(1)
  cloud.down = false
  await settled(data)
  expect(cloud.levelOf('tea')).toBe(8)
  expect(await data.inventory.recordMovement(command, as('till'))).toMatchObject({ pending: false, result: { on_hand: 8 } })
  expect(cloud.levelOf('tea')).toBe(8)
})

test('the same operationId gets the first answer while pending, and is refused with other input', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  cloud.down = true
  const command = sale('tea', -1)
  const first = await data.inventory.recordMovement(command, as('till'))
  await data.inventory.recordMovement(sale('tea', -5), as('till'))
  expect(await data.inventory.recordMovement(command, as('till'))).toEqual(first)
  expect(await data.inventory.recordMovement({ ...command, quantity: -2 }, as('till'))).toMatchObject({ result: null, userErrors: [{ code: 'OPERATION_ID_REUSED' }] })
  // Operation ids belong to their principal.
  expect(await data.inventory.recordMovement({ ...command, quantity: -2 }, as('handheld'))).toMatchObject({ pending: true, userErrors: [] })
  expect(await shownStock(data, 'tea')).toBe(2)
})

test('text that the cloud could never keep is refused before it is kept', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  await expect(data.inventory.recordMovement({ ...sale('tea', -1), operationId: 'a\0b' }, as('staff'))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  await expect(data.inventory.recordMovement(sale('tea', -1), as('st\0ff'))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  expect(data.status().pendingOperations).toBe(0)
  expect(await data.inventory.recordMovement({ ...sale('tea', -1), operationId: 'a\\u0000b' }, as('staff'))).toMatchObject({ pending: true })
})

test('what the node can know to be wrong is refused before it is kept', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  const code = async (outcome: Promise<{ userErrors: readonly { code: string }[] }>) => (await outcome).userErrors[0]?.code
  const now = Date.now()
  expect(await code(data.inventory.recordMovement(sale('unknown', -1), as('till')))).toBe('PRODUCT_NOT_FOUND')
  expect(await code(data.inventory.recordMovement({ ...sale('tea', -1), storeId: 'nowhere' }, as('till')))).toBe('STORE_NOT_FOUND')
  expect(await code(data.inventory.recordMovement({ ...sale('tea', 1), kind: 'SALE' }, as('till')))).toBe('INVALID_QUANTITY')
  expect(await code(data.inventory.recordMovement(sale('tea', -1, now + 48 * 3_600_000), as('till', now)))).toBe('INVALID_TIME')
  expect(await code(data.inventory.recordCount(count('tea', -1), as('till')))).toBe('INVALID_QUANTITY')
  expect(await code(data.device.reportReadings({ operationId: operationId(), deviceId: 'nothing', readings: [] }, as('till')))).toBe('DEVICE_NOT_FOUND')
  expect(await code(data.device.reportReadings({ operationId: operationId(), deviceId: 'D1', readings: [{ metric: ' ', at: now, value: 1 }] }, as('till')))).toBe('INVALID_READING')
  await expect(data.inventory.recordMovement({ ...sale('tea', -1), storeId: 'S2' }, as('till'))).rejects.toMatchObject({ code: 'OUT_OF_SCOPE' })
  await expect(data.inventory.setPrice({ operationId: operationId(), productId: 'tea', storeId, amount: '1', currencyCode: 'GBP' }, as('till'))).rejects.toMatchObject({ code: 'CLOUD_ONLY' })
  await expect(data.device.showOnDevice({ operationId: operationId(), deviceId: 'D1', productIds: [] }, as('till'))).rejects.toMatchObject({ code: 'CLOUD_ONLY' })
  expect(data.status().pendingOperations).toBe(0)
  expect(cloud.received).toEqual([])
})

test('readings are shown at once, once each, and the device is heard of', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  cloud.down = true
  const now = 1_800_000_030_000
  const readings = [
    { metric: 'temperature', at: now - 2_000, value: -18.5 },
    { metric: 'temperature', at: now - 1_000, value: -18.25 },
  ]
  expect(await data.device.reportReadings({ operationId: operationId(), deviceId: 'D1', readings }, as('till', now))).toEqual({ result: 2, userErrors: [], pending: true })
  // The same readings under another name, and one more.
  await data.device.reportReadings({ operationId: operationId(), deviceId: 'D1', readings: [{ metric: 'temperature', at: now - 1_000, value: 99 }, { metric: 'temperature', at: now, value: -18 }] }, as('till', now))
  const shown = async () => {
    using session = await data.read()
    const rows = await session.storage.db.selectFrom('reading').select(['at', 'value']).where('device_id', '=', 'D1').where('metric', '=', 'temperature').orderBy('at').execute()
    return rows.map(({ at, value }) => [at - now, value])
  }
  const expected = [[-2_000, -18.5], [-1_000, -18.25], [0, -18]]
  expect(await shown()).toEqual(expected)
  {
    using session = await data.read()
    const device = await session.storage.db.selectFrom('device').selectAll().where('id', '=', 'D1').executeTakeFirstOrThrow()
    expect(device).toMatchObject({ status: 'ONLINE', last_seen_at: now - 30_000 })
  }
  cloud.holdsLog = true
  cloud.down = false
  await eventually(() => cloud.received.length === 2, 'both reports are delivered')
  expect(await shown()).toEqual(expected)
})

test('a second node never shares a directory', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  const directory = join(folder.path, 'deep', 'down')
  {
    await using data = await openTestNode(directory, cloud)
    await copied(data)
    await expect(openTestNode(directory, cloud)).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE', message: expect.stringContaining(`process ${process.pid}`) })
  }
  mkdirSync(directory, { recursive: true })
  await using again = await openTestNode(directory, cloud)
  expect(again.status().position).not.toBeNull()
})
