import { afterEach, expect, test } from '@jest/globals'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { storeScope } from '../../../subgraphs/storage/entities.ts'
import type { NodeData } from '../data.ts'
import type { SentOperation } from './delivery/client.ts'
import { eventually, scratchFolder } from './testing/conditions.ts'
import type { MemoryCloud } from './testing/memory-cloud.ts'
import { as, count, openTestNode, sale, shownStock, smallCloud, storeId } from './testing/node.ts'

const copied = (data: NodeData) => eventually(() => data.status().position !== null, 'the first copy has arrived')
const settled = (data: NodeData) => eventually(() => data.status().pendingOperations === 0, 'every write is settled')

const realNow = Date.now
const day = 86_400_000
afterEach(() => {
  Date.now = realNow
})

/** A cloud whose clock is right, whatever this process takes for the time; what is delivered to it is in `sent`. */
function timedCloud(): { readonly cloud: MemoryCloud; readonly sent: SentOperation[] } {
  const cloud = smallCloud()
  const sent: SentOperation[] = []
  cloud.clock = realNow
  cloud.refuses = (operation) => {
    sent.push(operation)
    return null
  }
  return { cloud, sent }
}

test('a cloud that was taken back without saying so gets the writes again that it lost', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  for (const write of [sale('never', 3), sale('milk', -1)]) {
    await data.inventory.recordMovement(write, as('till'))
    await settled(data)
  }
  // The same epoch, an earlier batch: the outcome of the first write, and its effect, are gone.
  cloud.restore(cloud.epoch, (entity, row) => row.product_id === 'never' || (entity === 'edge_operation' && row.n === 1))
  await eventually(() => cloud.received.length >= 3, 'the lost write is delivered again')
  await settled(data)
  expect([cloud.levelOf('never'), cloud.levelOf('milk')]).toEqual([3, 19])
  expect([await shownStock(data, 'never'), await shownStock(data, 'milk')]).toEqual([3, 19])
  expect(new Set(cloud.received).size).toBe(2)
})

test('a write that the replica could not show at once is shown later, and subscribers are made to ask anew', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  cloud.down = true
  const subscription = data.changes.subscribe(storeScope(storeId))
  const ended = (async () => {
    for await (const _batch of subscription) continue
  })()
  using side = new DatabaseSync(join(folder.path, 'replica.db'), { timeout: 1_000 })
  side.exec("create trigger disk_full before insert on overlay_operation begin select raise(abort, 'disk full'); end")
  expect(await data.inventory.recordMovement(sale('tea', -4), as('till'))).toMatchObject({ pending: true, result: { on_hand: 6 } })
  expect(await shownStock(data, 'tea')).toBe(10)
  side.exec('drop trigger disk_full')
  await expect(ended).rejects.toMatchObject({ code: 'SUBSCRIPTION_INTERRUPTED' })
  expect(await shownStock(data, 'tea')).toBe(6)
})

test.each([['a day behind', -day], ['a day ahead', day], ['at 1970', -realNow()]])('a node whose clock is %s writes in the cloud\'s time', async (_name, off) => {
  using folder = scratchFolder()
  const { cloud, sent } = timedCloud()
  Date.now = () => realNow() + off
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  const before = realNow()
  expect(data.status().ageSeconds).toBeLessThan(60)
  await data.inventory.recordCount(count('tea', 7), as('till'))
  // A handheld's own clock is right.
  expect(await data.inventory.recordMovement(sale('milk', -1, before), as('till'))).toMatchObject({ userErrors: [] })
  await settled(data)
  for (const { receivedAt } of sent) {
    expect(receivedAt).toBeGreaterThan(before - 2_000)
    expect(receivedAt).toBeLessThanOrEqual(realNow())
  }
  expect(sent).toHaveLength(2)
})

test.each([['at 1970', -realNow()], ['two days ahead', 2 * day]])('a node that starts offline with its clock %s writes neither before its copy nor after its delivery', async (_name, off) => {
  using folder = scratchFolder()
  const { cloud, sent } = timedCloud()
  {
    await using first = await openTestNode(folder.path, cloud)
    await copied(first)
  }
  cloud.down = true
  Date.now = () => realNow() + off
  await using data = await openTestNode(folder.path, cloud)
  const { asOf } = data.status()
  await data.inventory.recordCount(count('tea', 7), as('till'))
  const handheld = await data.inventory.recordMovement(sale('milk', -1, realNow()), as('till'))
  expect(handheld).toMatchObject({ userErrors: [] })
  cloud.down = false
  await settled(data)
  expect(sent).toHaveLength(2)
  for (const { receivedAt } of sent) {
    expect(receivedAt).toBeGreaterThanOrEqual(asOf ?? Infinity)
    expect(receivedAt).toBeLessThanOrEqual(realNow())
  }
})

test('writes keep their order over restarts with a clock that jumps back', async () => {
  using folder = scratchFolder()
  const { cloud, sent } = timedCloud()
  {
    await using first = await openTestNode(folder.path, cloud)
    await copied(first)
  }
  cloud.down = true
  const offsets = [1_000, 0, -day, -realNow()]
  for (const off of offsets) {
    Date.now = () => realNow() + off
    await using data = await openTestNode(folder.path, cloud)
    await data.inventory.recordMovement(sale('tea', -1), as('till'))
  }
  cloud.down = false
  await using data = await openTestNode(folder.path, cloud)
  await settled(data)
  const received = sent.map(({ receivedAt }) => receivedAt)
  expect(received).toHaveLength(offsets.length)
  expect(received).toEqual(received.toSorted((a, b) => a - b))
})

test('a node that started offline with its clock at 1970 grows older all the same', async () => {
  using folder = scratchFolder()
  const { cloud } = timedCloud()
  {
    await using first = await openTestNode(folder.path, cloud)
    await copied(first)
  }
  cloud.down = true
  Date.now = () => 0
  await using data = await openTestNode(folder.path, cloud)
  await eventually(() => data.status().ageSeconds >= 1, 'a second has passed')
})

test('the age is told by the cloud\'s clock, also while changes wait there and nothing was heard before', async () => {
  using folder = scratchFolder()
  const { cloud } = timedCloud()
  const stalled = realNow() - 3_600_000
  await using data = await openTestNode(folder.path, {
    delivery: cloud.delivery,
    get source() {
      return {
        snapshot: (...request: Parameters<typeof cloud.source.snapshot>) => cloud.source.snapshot(...request).then((copy) => ({ ...copy, header: { ...copy.header, head: { ...copy.header.head, at: stalled } } })),
        changes: (...request: Parameters<typeof cloud.source.changes>) => cloud.source.changes(...request).then((page) => ({ ...page, head: { ...page.head, at: stalled } })),
      }
    },
  })
  await copied(data)
  expect(data.status().ageSeconds).toBeGreaterThanOrEqual(3_600)
})

test('a directory that holds writes of another store is left alone', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  {
    await using data = await openTestNode(folder.path, cloud)
    await copied(data)
    cloud.down = true
    await data.inventory.recordMovement(sale('tea', -4), as('till'))
  }
  await expect(openTestNode(folder.path, cloud, { storeId: 'S2' })).rejects.toMatchObject({ code: 'DIRECTORY_OF_ANOTHER_STORE' })
  await using again = await openTestNode(folder.path, cloud)
  expect(await shownStock(again, 'tea')).toBe(6)
})
