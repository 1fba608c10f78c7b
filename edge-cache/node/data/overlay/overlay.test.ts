import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { join } from 'node:path'
import { chainScope, storeScope } from '../../../../subgraphs/storage/entities.ts'
import { openReplica } from '../../../../subgraphs/storage/sqlite/replica.ts'
import { Outbox } from '../outbox/outbox.ts'
import { ReplicaWriter } from '../replica-writer.ts'
import { scratchFolder } from '../testing/conditions.ts'
import { count, operationId, sale, storeId } from '../testing/node.ts'
import { createOverlay } from './overlay.ts'

test('what is laid write by write is what is derived from the outbox at once, and what is taken off leaves no trace', async () => {
  const product = fc.constantFrom('tea', 'never')
  const at = fc.nat(6)
  const write = fc.oneof(
    fc.record({ kind: fc.constant('recordStockMovement' as const), product, at, amount: fc.integer({ min: -4, max: 4 }).filter((amount) => amount !== 0) }),
    fc.record({ kind: fc.constant('recordStockCount' as const), product, at, amount: fc.nat(9) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 15 }), async (writes) => {
      using folder = scratchFolder()
      await using outbox = new Outbox({ path: join(folder.path, 'outbox.db'), storeId })
      const overlay = createOverlay(storeId, outbox)
      using replica = openReplica({ file: join(folder.path, 'replica.db'), scopes: [chainScope, storeScope(storeId)], extensions: [overlay] })
      replica.beginSnapshot({ head: { epoch: 'e', batch: 1, at: 1, now: 1 }, consistentFrom: 1, positions: {}, rows: 1 })
      replica.snapshotRows({ entity: 'stock', rows: [{ store_id: storeId, product_id: 'tea', on_hand: 10, reorder_point: 2, order_up_to: 9, updated_at: 1 }] })
      replica.finishSnapshot()
      using writer = new ReplicaWriter(replica)
      const shown = () => writer.transact((connection) => connection.prepare('select * from shown_stock order by product_id').all())
      const bare = shown()

      const seqs: number[] = []
      for (const [index, { kind, amount, ...more }] of writes.entries()) {
        const command = kind === 'recordStockMovement' ? sale(more.product, amount, more.at) : count(more.product, amount, more.at)
        const result = await outbox.append({ principal: 'till', operationId: operationId(), kind, payload: JSON.stringify(command), hash: 'any', receivedAt: 100 + index })
        if (result.status !== 'kept') throw new Error(result.status)
        seqs.push(result.operation.seq)
        writer.transact((connection) => overlay.on(connection).add(storeId, result.operation))
      }
      const stepwise = shown()
      writer.transact((connection) => overlay.rebuild(connection))
      expect(shown()).toEqual(stepwise)
      writer.transact((connection) => overlay.sync(connection))
      expect(shown()).toEqual(stepwise)
      writer.transact((connection) => seqs.forEach((seq) => overlay.on(connection).remove(seq)))
      expect(shown()).toEqual(bare)
    }),
    { numRuns: 25 },
  )
})

test('a write whose number was given again, after the end of the outbox was lost, is named as lost and gives its place up', async () => {
  using folder = scratchFolder()
  const outboxes = [join(folder.path, 'lost.db'), join(folder.path, 'outbox.db')].map((path) => new Outbox({ path, storeId }))
  const [lost, kept] = outboxes as [Outbox, Outbox]
  await using _lost = lost
  await using _kept = kept
  const overlay = createOverlay(storeId, kept)
  using replica = openReplica({ file: join(folder.path, 'replica.db'), scopes: [chainScope, storeScope(storeId)], extensions: [overlay] })
  replica.beginSnapshot({ head: { epoch: 'e', batch: 1, at: 1, now: 1 }, consistentFrom: 1, positions: {}, rows: 1 })
  replica.snapshotRows({ entity: 'stock', rows: [{ store_id: storeId, product_id: 'tea', on_hand: 10, reorder_point: 2, order_up_to: 9, updated_at: 1 }] })
  replica.finishSnapshot()
  using writer = new ReplicaWriter(replica)
  const append = async (outbox: Outbox, amount: number) => {
    const result = await outbox.append({ principal: 'till', operationId: operationId(), kind: 'recordStockMovement', payload: JSON.stringify(sale('tea', amount)), hash: 'any', receivedAt: 100 })
    if (result.status !== 'kept') throw new Error(result.status)
    return result.operation
  }
  const shown = () => writer.transact((connection) => connection.prepare("select on_hand from shown_stock where product_id = 'tea'").get()?.on_hand)
  const [gone, present] = [await append(lost, -3), await append(kept, -1)]
  expect(gone.seq).toBe(present.seq)
  writer.transact((connection) => overlay.on(connection).add(storeId, gone))
  expect(() => writer.transact((connection) => overlay.on(connection).add(storeId, present))).toThrow(/no longer has/)
  expect(shown()).toBe(7)
  expect(writer.transact((connection) => overlay.sync(connection))).toEqual([{ incarnation: gone.incarnation, n: gone.n }])
  expect(shown()).toBe(9)
})
