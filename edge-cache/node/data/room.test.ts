import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from '@jest/globals'
import { Registry } from '../../../runtime/metrics.ts'
import type { NodeData } from '../data.ts'
import type { DiskSize } from './room.ts'
import { eventually, scratchFolder } from './testing/conditions.ts'
import { as, openTestNode, operationId, sale, shownStock, smallCloud } from './testing/node.ts'

const gigabyte = 1024 ** 3
const began = Date.now()

const report = (data: NodeData, id = operationId()) =>
  data.device.reportReadings({ operationId: id, deviceId: 'D1', readings: [1, 2].map((value) => ({ metric: 'celsius', at: began - value, value })) }, as('sensor'))

async function isDropped(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return false
  } catch (error) {
    expect(error).toMatchObject({ code: 'WRITE_NOT_KEPT' })
    return true
  }
}

test('on a disk that fills up readings are dropped first, and counted; a movement is kept, or refused aloud and counted; both go on by themselves', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  const metrics = new Registry()
  let disk: DiskSize = { free: gigabyte, total: 8 * gigabyte }
  await using data = await openTestNode(folder.path, cloud, { metrics, diskSize: () => disk })
  await eventually(() => data.status().position !== null, 'the first copy has arrived')
  const counted = async (figure: string, ...labels: string[]): Promise<number> => {
    const lines = (await metrics.metrics()).split('\n').filter((line) => line.startsWith(`${figure}{`) && labels.every((label) => line.includes(label)))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
  const dropped = (reason: string) => counted('aisle_edge_dropped_readings_total', `reason="${reason}"`)
  const refused = (kind: string) => counted('aisle_edge_refusals_total', `kind="${kind}"`, 'code="WRITE_NOT_KEPT"')
  await report(data, 'early')

  disk = { free: 10 * 1024 ** 2, total: 8 * gigabyte }
  await eventually(async () => isDropped(report(data)), 'the room that is left is for others')
  expect([await dropped('reserved'), await refused('reportReadings')]).toEqual([2, 1])
  // What was kept before is answered as before, and what must not be lost has the room.
  expect(await report(data, 'early')).toMatchObject({ userErrors: [], result: 2 })
  expect(await data.inventory.recordMovement(sale('tea', -1), as('till'))).toMatchObject({ userErrors: [] })

  disk = { free: gigabyte, total: 8 * gigabyte }
  await eventually(async () => !(await isDropped(report(data))), 'there is room again')
  using side = new DatabaseSync(join(folder.path, 'outbox.db'), { timeout: 5_000 })
  side.exec("create trigger disk_full before insert on operation begin select raise(abort, 'disk full'); end")
  expect(await isDropped(report(data))).toBe(true)
  expect(await isDropped(data.inventory.recordMovement(sale('tea', -1), as('till')))).toBe(true)
  expect([await dropped('not_kept'), await refused('recordStockMovement')]).toEqual([2, 1])
  expect(await shownStock(data, 'tea')).toBe(9)
  side.exec('drop trigger disk_full')
  expect(await isDropped(report(data))).toBe(false)
  await data.inventory.recordMovement(sale('tea', -1), as('till'))
  await eventually(() => data.status().pendingOperations === 0, 'every write is settled')
  expect(cloud.levelOf('tea')).toBe(8)
})
