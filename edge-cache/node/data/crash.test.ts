import { expect, test } from '@jest/globals'
import { DatabaseSync } from 'node:sqlite'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises'
import { startTestOrigin, type TestOrigin } from '../../origin/testing/test-origin.ts'
import { putProduct, putStock, putStore } from '../../../subgraphs/log/testing/test-log.ts'
import { payloadHash } from '../../../subgraphs/shared/once.ts'
import { openOutboxFile } from './outbox/schema.ts'
import { OutboxWriter } from './outbox/writer.ts'
import { NodeChild } from './testing/child.ts'
import { eventually, scratchFolder } from './testing/conditions.ts'
import type { CrashPoint } from './testing/node-process.ts'

const start = 10_000

async function originWithStock(): Promise<TestOrigin> {
  const origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putProduct('p2', 'Coffee'), putStock('s1', 'p1', start))
  return origin
}

/** What Postgres has of the store's product. */
async function inCloud({ log }: TestOrigin): Promise<{ onHand: number; movements: number; operations: Set<string> }> {
  const { db } = log.storage
  const stock = await db.selectFrom('stock').select('on_hand').where('product_id', '=', 'p1').executeTakeFirstOrThrow()
  const movements = await db.selectFrom('movement').select('id').execute()
  const operations = await db.selectFrom('edge_operation').select('operation_id').execute()
  return { onHand: stock.on_hand, movements: movements.length, operations: new Set(operations.map((row) => row.operation_id)) }
}

const settled = async (node: NodeChild) => {
  const { status } = await node.look('p1')
  return status.position !== null && status.pendingOperations === 0
}

test.each<CrashPoint>(['recorded', 'received', 'applied'])('a node killed when its write was just %s counts it once', async (crashAt) => {
  using folder = scratchFolder()
  await using origin = await originWithStock()
  {
    await using node = await NodeChild.start(folder.path, origin.url, 's1', crashAt)
    await eventually(async () => (await node.look('p1')).onHand === start, 'the first copy has arrived')
    expect(await node.write('op-1', 'p1', -3)).toMatchObject({ pending: true, result: { on_hand: start - 3 } })
    await node.exited
  }
  await using again = await NodeChild.start(folder.path, origin.url, 's1')
  expect((await again.look('p1')).onHand).toBe(start - 3)
  await eventually(() => settled(again), 'the write is settled')
  expect((await again.look('p1')).onHand).toBe(start - 3)
  expect(await inCloud(origin)).toEqual({ onHand: start - 3, movements: 1, operations: new Set(['op-1']) })
  expect(await again.write('op-1', 'p1', -3)).toMatchObject({ pending: false, userErrors: [], result: { on_hand: start - 3 } })
})

test('a write that reached the medium before the process was killed is shown and delivered although nobody was told', async () => {
  using folder = scratchFolder()
  await using origin = await originWithStock()
  {
    await using node = await NodeChild.start(folder.path, origin.url, 's1')
    await eventually(async () => (await node.look('p1')).onHand === start, 'the first copy has arrived')
  }
  const connection = openOutboxFile(join(folder.path, 'outbox.db'), 's1')
  const command = { operationId: 'op-1', storeId: 's1', productId: 'p1', kind: 'SALE', quantity: -2, occurredAt: null }
  new OutboxWriter(connection).commit([
    {
      type: 'append',
      operation: {
        principal: 'till',
        operationId: 'op-1',
        kind: 'recordStockMovement',
        payload: JSON.stringify(command),
        hash: payloadHash({ kind: 'recordStockMovement', payload: command }),
        receivedAt: Date.now(),
      },
    },
  ])
  connection.close()
  await using again = await NodeChild.start(folder.path, origin.url, 's1')
  expect((await again.look('p1')).onHand).toBe(start - 2)
  await eventually(() => settled(again), 'the write is settled')
  expect(await inCloud(origin)).toEqual({ onHand: start - 2, movements: 1, operations: new Set(['op-1']) })
})

test('a node killed in the middle of its first copy begins anew, and one killed in the middle of another goes on serving the old one', async () => {
  using folder = scratchFolder()
  await using origin = await originWithStock()
  const killedWhileCopying = async (): Promise<void> => {
    await using node = await NodeChild.start(folder.path, origin.url, 's1', 'copying')
    await node.exited
  }
  await killedWhileCopying()
  {
    await using node = await NodeChild.start(folder.path, origin.url, 's1')
    await eventually(async () => (await node.look('p1')).onHand === start, 'the first copy has arrived')
  }
  await origin.log.storage.pool.query("update log_fence set epoch = 'restored'")
  await origin.log.write(putStock('s1', 'p1', 5))
  await killedWhileCopying()
  await origin.role[Symbol.asyncDispose]()
  await using node = await NodeChild.start(folder.path, origin.url, 's1')
  expect((await node.look('p1')).onHand).toBe(start)
})

test('a node killed at any moment of taking a new copy stands at one state of the cloud with its position, and keeps its writes', async () => {
  using folder = scratchFolder()
  await using origin = await originWithStock()
  const states = new Map<string, number>([[await origin.log.epoch(), start]])
  let pending = 0
  for (let round = 0; round < 4; round += 1) {
    await using node = await NodeChild.start(folder.path, origin.url, 's1')
    await eventually(async () => (await node.look('p1')).onHand !== null, 'the node has a copy')
    const { status, onHand } = await node.look('p1')
    expect(states.get(status.position?.epoch ?? '')).toBe(onHand)
    // Of another product, so that the level says which copy it is of.
    expect(await node.write(`op-${round}`, 'p2', 1)).toMatchObject({ userErrors: [] })
    pending += 1
    const epoch = `epoch-${round}`
    states.set(epoch, round)
    await origin.log.storage.pool.query(`begin; update log_fence set epoch = '${epoch}'; update stock set on_hand = ${round} where product_id = 'p1'; commit`)
    await sleep(Math.random() * 120)
    await node.kill()
  }
  await using node = await NodeChild.start(folder.path, origin.url, 's1')
  await eventually(async () => (await node.look('p1')).status.position?.epoch === 'epoch-3', 'the newest copy is there')
  expect((await node.look('p1')).onHand).toBe(3)
  await eventually(() => settled(node), 'every write is settled')
  expect((await node.look('p2')).onHand).toBe(pending)
}, 120_000)

test('a node killed in the middle of carrying its WAL over stands at one state of the cloud with its position', async () => {
  using folder = scratchFolder()
  await using origin = await originWithStock()
  const products = 1_500
  await origin.log.write(
    `insert into product (id, name) select 'q' || i, 'Tea ' || i from generate_series(1, ${products}) i`,
    `insert into stock (store_id, product_id, on_hand, updated_at) select 's1', 'q' || i, 0, 0 from generate_series(1, ${products}) i`,
  )
  const file = join(folder.path, 'replica.db')
  const rounds = 3
  for (let round = 1; round <= rounds; round += 1) {
    await using node = await NodeChild.start(folder.path, origin.url, 's1')
    await eventually(async () => (await node.look('q1')).onHand === round - 1, 'the node has what the cloud has')
    const before = statSync(file).mtimeMs
    // More pages than SQLite lets the WAL have before it carries them over.
    await origin.log.write(
      `update stock set on_hand = ${round} where product_id like 'q%'`,
      `update product set description = repeat(md5(id || '${round}'), 120) where id like 'q%'`,
    )
    // Nothing else writes to the file itself.
    while (statSync(file).mtimeMs === before) await breathe()
    await node.kill()
    using found = new DatabaseSync(file)
    expect(found.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
    const levels = found.prepare("select distinct on_hand from stock where product_id like 'q%'").all()
    expect(levels).toHaveLength(1)
    const texts = found.prepare("select count(distinct substr(description, 1, 32)) as texts, count(description) as described from product where id like 'q%'").get()
    const [level] = levels
    expect(texts).toMatchObject({ described: level?.on_hand === 0 ? 0 : products })
  }
  await using node = await NodeChild.start(folder.path, origin.url, 's1')
  await eventually(async () => (await node.look('q1')).onHand === rounds, 'the node has what the cloud has')
  expect((await node.look(`q${products}`)).onHand).toBe(rounds)
}, 120_000)

test('a node killed again and again while it writes loses nothing that it acknowledged and applies nothing twice', async () => {
  using folder = scratchFolder()
  await using origin = await originWithStock()
  const acknowledged = new Set<string>()
  let tried = 0
  for (let round = 0; round < 6; round += 1) {
    await using node = await NodeChild.start(folder.path, origin.url, 's1')
    await eventually(async () => (await node.look('p1')).onHand !== null, 'the node has a copy')
    const writers = Array.from({ length: 4 }, async () => {
      for (;;) {
        tried += 1
        const operationId = `op-${tried}`
        try {
          await node.write(operationId, 'p1', -1)
        } catch {
          return
        }
        acknowledged.add(operationId)
      }
    })
    const goal = acknowledged.size + 40
    await eventually(() => acknowledged.size >= goal, 'writes are acknowledged')
    await sleep(Math.random() * 20)
    await node.kill()
    await Promise.all(writers)
  }
  await using node = await NodeChild.start(folder.path, origin.url, 's1')
  const beforeDelivery = (await node.look('p1')).onHand ?? 0
  expect(beforeDelivery).toBeLessThanOrEqual(start - acknowledged.size)
  await eventually(() => settled(node), 'every write is settled')
  const { onHand, movements, operations } = await inCloud(origin)
  expect([...acknowledged].filter((operationId) => !operations.has(operationId))).toEqual([])
  expect(movements).toBe(operations.size)
  expect(onHand).toBe(start - operations.size)
  expect((await node.look('p1')).onHand).toBe(onHand)
  const outbox = new DatabaseSync(join(folder.path, 'outbox.db'), { readOnly: true })
  expect(outbox.prepare('select count(distinct incarnation) as incarnations from operation').get()).toMatchObject({ incarnations: 6 })
  outbox.close()
}, 120_000)
