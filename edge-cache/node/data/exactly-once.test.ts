import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Batch } from '../../../subgraphs/shared/changes.ts'
import { storeScope } from '../../../subgraphs/storage/entities.ts'
import type { NodeData } from '../data.ts'

import { startWorker, type StartOutboxThread } from './outbox/thread.ts'
import { eventually, scratchFolder } from './testing/conditions.ts'
import { as, count, openTestNode, operationId, sale, shownStock, smallCloud, storeId } from './testing/node.ts'

const copied = (data: NodeData) => eventually(() => data.status().position !== null, 'the first copy has arrived')
const settled = (data: NodeData) => eventually(() => data.status().pendingOperations === 0, 'every write is settled')

/** Every level of tea that a subscriber of this node is told. */
function follow(data: NodeData): { readonly levels: unknown[]; readonly batches: Batch[]; stop(): Promise<void> } {
  const abort = new AbortController()
  const batches: Batch[] = []
  const levels: unknown[] = []
  const source = data.changes.subscribe(storeScope(storeId), abort.signal)
  const reading = (async () => {
    for await (const batch of source) {
      batches.push(batch)
      for (const { entity, key, row } of batch.changes) if (entity === 'stock' && key[1] === 'tea') levels.push(row?.on_hand)
    }
  })()
  return {
    batches,
    levels,
    async stop() {
      abort.abort()
      await reading
    },
  }
}

test('when the answer to a delivery is lost, its retry changes nothing and nothing flickers', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  const told = follow(data)
  cloud.losesAnswers = true
  cloud.holdsLog = true
  await data.inventory.recordMovement(sale('tea', -4), as('till'))
  await eventually(() => cloud.received.length >= 2, 'the write is delivered again and again')
  expect(cloud.levelOf('tea')).toBe(6)
  expect(await shownStock(data, 'tea')).toBe(6)
  // The outcome comes through the log before any answer does.
  cloud.release()
  await settled(data)
  cloud.losesAnswers = false
  expect(await shownStock(data, 'tea')).toBe(6)
  expect(new Set(cloud.received).size).toBe(1)
  await told.stop()
  expect(new Set(told.levels)).toEqual(new Set([6]))
})

test('between the answer and the log the write stays in sight, over changes that others make', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  const told = follow(data)
  cloud.holdsLog = true
  await data.inventory.recordMovement(sale('tea', -4), as('till'))
  await eventually(() => cloud.received.length === 1, 'the write is delivered')
  // A level as the log had it before the write: it must not be shown bare.
  cloud.put(cloud.stock('tea', 9))
  await eventually(async () => (await shownStock(data, 'tea')) === 5, 'the change of others shows under the pending write')
  cloud.put(cloud.stock('tea', 5), { entity: 'edge_operation', row: edgeOperation(cloud.received[0] ?? '', 5) })
  await settled(data)
  expect(await shownStock(data, 'tea')).toBe(5)
  await told.stop()
  expect(told.levels.filter((level) => level !== 6 && level !== 5)).toEqual([])
})

test('a refused write leaves the overlay and is told to subscribers, and the queue goes on', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  cloud.down = true
  const told = follow(data)
  const poison = sale('tea', -4)
  cloud.refuses = (operation) => (operation.operationId === poison.operationId ? 'PRODUCT_NOT_FOUND' : null)
  await data.inventory.recordMovement(poison, as('till'))
  await data.inventory.recordMovement(sale('milk', -1), as('till'))
  expect(await shownStock(data, 'tea')).toBe(6)
  cloud.down = false
  await settled(data)
  expect([await shownStock(data, 'tea'), await shownStock(data, 'milk')]).toEqual([10, 19])
  await told.stop()
  expect(told.levels).toEqual([6, 10])
  expect(await data.inventory.recordMovement(poison, as('till'))).toMatchObject({ result: null, pending: false, userErrors: [{ code: 'PRODUCT_NOT_FOUND' }] })
})

test('a reading is told once, when it is kept', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  const told = follow(data)
  await data.device.reportReadings({ operationId: operationId(), deviceId: 'D1', readings: [{ metric: 't', at: 1_000, value: 2 }] }, as('sensor'))
  await settled(data)
  await told.stop()
  expect(told.batches.flatMap(({ changes }) => changes).filter(({ entity }) => entity === 'reading').map(({ row }) => row)).toEqual([
    { device_id: 'D1', metric: 't', at: 1_000, value: 2, store_id: storeId },
  ])
})

test('a fresh copy keeps pending writes in sight, and a cloud that lost acknowledged writes gets them again', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  await data.inventory.recordMovement(sale('never', 3), as('till'))
  await settled(data)
  using old = await data.read()
  // Restored to before the write: the node's copy is of another epoch now.
  cloud.restore('second', (entity, row) => entity === 'edge_operation' || row.product_id === 'never')
  cloud.put(cloud.stock('milk', 50))
  await eventually(() => data.status().position?.epoch === 'second', 'the fresh copy has taken its place')
  await eventually(() => new Set(cloud.received).size === 1 && cloud.received.length === 2, 'the lost write is delivered again')
  await settled(data)
  expect([await shownStock(data, 'never'), await shownStock(data, 'milk')]).toEqual([3, 50])
  expect(cloud.levelOf('never')).toBe(3)
  // A session that was open all the while still stands at its cut.
  expect(old.connection.prepare("select on_hand from stock where product_id = 'milk'").get()).toMatchObject({ on_hand: 20 })
})

test('a cloud that lost acknowledged writes gets them again, also when the disk was full as the fresh copy came', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  await using data = await openTestNode(folder.path, cloud)
  await copied(data)
  await data.inventory.recordMovement(sale('never', 3), as('till'))
  await settled(data)
  using side = new DatabaseSync(join(folder.path, 'outbox.db'), { timeout: 1_000 })
  side.exec("create trigger disk_full before update on operation begin select raise(abort, 'disk full'); end")
  cloud.restore('second', (entity, row) => entity === 'edge_operation' || row.product_id === 'never')
  await eventually(() => data.status().position?.epoch === 'second', 'the fresh copy has taken its place')
  expect(cloud.received).toHaveLength(1)
  side.exec('drop trigger disk_full')
  await eventually(() => cloud.received.length === 2, 'the lost write is delivered again')
  await settled(data)
  expect(cloud.levelOf('never')).toBe(3)
})

test('what a node could not lay over its replica when it started is told once it can', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  const fill = (text: string): void => {
    using side = new DatabaseSync(join(folder.path, 'replica.db'), { timeout: 1_000 })
    side.exec(text)
  }
  {
    await using first = await openTestNode(folder.path, cloud)
    await copied(first)
    cloud.down = true
    fill("create trigger disk_full before insert on overlay_operation begin select raise(abort, 'disk full'); end")
    await first.inventory.recordMovement(sale('tea', -4), as('till'))
  }
  await using data = await openTestNode(folder.path, cloud)
  const subscription = data.changes.subscribe(storeScope(storeId))
  const ended = (async () => {
    for await (const _batch of subscription) continue
  })()
  expect(await shownStock(data, 'tea')).toBe(10)
  fill('drop trigger disk_full')
  await expect(ended).rejects.toMatchObject({ code: 'SUBSCRIPTION_INTERRUPTED' })
  expect(await shownStock(data, 'tea')).toBe(6)
})

test('whatever is written and however the link fails, every level ends where the cloud has it, each write counted once', async () => {
  const write = fc.record({
    product: fc.constantFrom('tea', 'milk', 'never'),
    amount: fc.integer({ min: -5, max: 5 }).filter((amount) => amount !== 0),
    counts: fc.boolean(),
    minutesAgo: fc.integer({ min: 0, max: 3 }),
  })
  const step = fc.oneof(write, fc.constantFrom('cut', 'mend', 'loseAnswers', 'restart'))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      using folder = scratchFolder()
      const cloud = smallCloud()
      let data = await openTestNode(folder.path, cloud)
      let writes = 0
      try {
        await copied(data)
        const start = Date.now()
        for (const next of steps) {
          if (next === 'cut') cloud.down = true
          else if (next === 'mend') cloud.down = cloud.losesAnswers = false
          else if (next === 'loseAnswers') cloud.losesAnswers = true
          else if (next === 'restart') {
            await data[Symbol.asyncDispose]()
            data = await openTestNode(folder.path, cloud)
          } else {
            const at = start - next.minutesAgo * 60_000
            if (next.counts) await data.inventory.recordCount(count(next.product, Math.abs(next.amount), at), as('till'))
            else await data.inventory.recordMovement(sale(next.product, next.amount, at), as('till'))
            writes += 1
          }
        }
        cloud.down = cloud.losesAnswers = false
        await settled(data)
        expect(new Set(cloud.received).size).toBe(writes)
        for (const product of ['tea', 'milk', 'never']) expect(await shownStock(data, product)).toBe(cloud.levelOf(product) ?? null)
      } finally {
        await data[Symbol.asyncDispose]()
      }
    }),
    { numRuns: 15 },
  )
}, 120_000)

function edgeOperation(received: string, onHand: number) {
  const [incarnation, n] = received.split(' ')
  const outcome = JSON.stringify({ result: { store_id: storeId, product_id: 'tea', on_hand: onHand, reorder_point: null, order_up_to: null, updated_at: 1 }, userErrors: [], pending: false })
  return { store_id: storeId, incarnation, n: Number(n), operation_id: 'any', payload_hash: 'any', outcome, recorded_at: 1 }
}

test('a write whose outcome comes just while it is offered again, for a fresh copy lacked it, is settled all the same', async () => {
  using folder = scratchFolder()
  const cloud = smallCloud()
  cloud.holdsLog = true
  let offerAgain: (() => void) | null = null
  const startOutboxThread: StartOutboxThread = (options) => {
    const thread = startWorker(options)
    return {
      send(message) {
        if (message !== 'close' && message.request.type === 'reopen' && cloud.holdsLog) {
          offerAgain = () => thread.send(message)
          return
        }
        thread.send(message)
        if (message === 'close' || message.request.type !== 'settle') return
        offerAgain?.()
        offerAgain = null
      },
      terminate: () => thread.terminate(),
    }
  }
  await using data = await openTestNode(folder.path, cloud, { startOutboxThread })
  await copied(data)
  await data.inventory.recordMovement(sale('tea', -3), as('till'))
  using outbox = new DatabaseSync(join(folder.path, 'outbox.db'), { readOnly: true })
  const state = () => outbox.prepare('select state from operation').get()?.state
  await eventually(() => state() === 'delivered', 'the cloud has the write')
  cloud.restore('second')
  await eventually(() => offerAgain !== null, 'the fresh copy lacks it')
  cloud.release()
  await eventually(() => offerAgain === null && state() !== 'settled', 'it is offered again after it was settled')
  await settled(data)
  expect(await shownStock(data, 'tea')).toBe(7)
  expect(cloud.levelOf('tea')).toBe(7)
})
