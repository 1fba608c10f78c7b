import { expect, test } from '@jest/globals'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { scratchFolder } from '../testing/conditions.ts'
import type { NewOperation } from './operation.ts'
import { Outbox } from './outbox.ts'
import { openOutboxFile } from './schema.ts'
import { OutboxWriter } from './writer.ts'

const mark = { epoch: 'e', batch: 7 }

function write(operationId: string, hash = 'same', principal = 'till'): NewOperation {
  return { principal, operationId, kind: 'recordStockMovement', payload: '{}', hash, receivedAt: 5 }
}

test('writes get dense numbers in an incarnation of this start alone', async () => {
  using folder = scratchFolder()
  const path = join(folder.path, 'outbox.db')
  const incarnations: string[] = []
  for (const round of [1, 2]) {
    await using outbox = new Outbox({ path, storeId: 'S1' })
    const results = await Promise.all([1, 2, 3].map((number) => outbox.append(write(`${round}-${number}`))))
    const kept = results.flatMap((result) => (result.status === 'kept' ? [result.operation] : []))
    expect(kept.map(({ n }) => n)).toEqual([1, 2, 3])
    expect(new Set(kept.map(({ incarnation }) => incarnation)).size).toBe(1)
    incarnations.push(kept[0]?.incarnation ?? '')
    expect(outbox.depth).toBe(round * 3)
  }
  expect(new Set(incarnations).size).toBe(2)
})

test('the same write is known, another with its id is told apart, and the state of each goes on', async () => {
  using folder = scratchFolder()
  await using outbox = new Outbox({ path: join(folder.path, 'outbox.db'), storeId: 'S1' })
  const [first, again, other, elsewhere] = await Promise.all([
    outbox.append(write('a')),
    outbox.append(write('a')),
    outbox.append(write('a', 'different')),
    outbox.append(write('a', 'different', 'handheld')),
  ])
  expect([first.status, again.status, other.status, elsewhere.status]).toEqual(['kept', 'known', 'reused', 'kept'])
  if (first.status !== 'kept') throw new Error('not kept')
  const { seq, incarnation, n } = first.operation

  expect(outbox.waiting(0, 10).map((operation) => operation.seq)).toEqual([seq, seq + 1])
  await outbox.deliver([seq], mark)
  expect(outbox.waiting(0, 10).map((operation) => operation.seq)).toEqual([seq + 1])
  await outbox.settle([{ incarnation, n, outcome: '{"result":1}' }], mark, 100)
  expect(outbox.depth).toBe(1)
  expect(outbox.find('till', 'a')).toMatchObject({ state: 'settled', outcome: '{"result":1}' })

  // To a replica that went back to before batch 7, or to another epoch, the write is still to come.
  const beyond = (place: typeof mark | null) => [...outbox.beyond(place)].map((operation) => operation.seq).toSorted((a, b) => a - b)
  expect(beyond(mark)).toEqual([seq + 1])
  expect(beyond({ epoch: 'e', batch: 6 })).toEqual([seq, seq + 1])
  expect(beyond({ epoch: 'other', batch: 9 })).toEqual([seq, seq + 1])
  expect(beyond(null)).toEqual([seq, seq + 1])

  await outbox.reopen([seq])
  expect(outbox.depth).toBe(2)
  expect(outbox.waiting(0, 10).map((operation) => operation.seq)).toEqual([seq, seq + 1])
})

test('only settled writes are pruned, and no number or place is used again', async () => {
  using folder = scratchFolder()
  await using outbox = new Outbox({ path: join(folder.path, 'outbox.db'), storeId: 'S1' })
  const kept = []
  for (const id of ['a', 'b', 'c']) {
    const result = await outbox.append(write(id))
    if (result.status === 'kept') kept.push(result.operation)
  }
  const settlements = kept.slice(1).map(({ incarnation, n }) => ({ incarnation, n, outcome: '{}' }))
  await outbox.settle(settlements, mark, 100)
  expect(await outbox.prune(100)).toBe(0)
  expect(await outbox.prune(101)).toBe(2)
  expect(outbox.find('till', 'a')).not.toBeNull()
  expect(outbox.find('till', 'c')).toBeNull()
  expect(await outbox.append(write('d'))).toMatchObject({ status: 'kept', operation: { seq: 4, n: 4 } })
})

test('a transaction that fails keeps nothing of its group and ends the incarnation', () => {
  using folder = scratchFolder()
  const connection = openOutboxFile(join(folder.path, 'outbox.db'), 'S1')
  const writer = new OutboxWriter(connection)
  const append = (operationId: string) => ({ type: 'append', operation: write(operationId) }) as const
  const [before] = writer.commit([append('a')])
  connection.exec("create trigger full_disk before insert on operation when new.operation_id = 'poison' begin select raise(abort, 'disk full'); end")
  expect(() => writer.commit([append('b'), append('poison')])).toThrow('disk full')
  expect(connection.prepare('select operation_id from operation').all().map((row) => row.operation_id)).toEqual(['a'])
  expect(writer.open).toBe(1)
  const [after] = writer.commit([append('b')])
  const operations = [before, after].map((answer) => (typeof answer === 'object' && answer.status === 'kept' ? answer.operation : null))
  expect(operations.map((operation) => operation?.n)).toEqual([1, 1])
  expect(operations[0]?.incarnation).not.toBe(operations[1]?.incarnation)
  connection.close()
})

test('writes that arrive during a commit share the next one', async () => {
  using folder = scratchFolder()
  const path = join(folder.path, 'outbox.db')
  await using outbox = new Outbox({ path, storeId: 'S1' })
  const side = openOutboxFile(path, 'S1')
  const before = walFrames(side)
  await Promise.all(Array.from({ length: 500 }, (_, number) => outbox.append(write(`op-${number}`))))
  const together = walFrames(side) - before
  for (let number = 0; number < 20; number += 1) await outbox.append(write(`alone-${number}`))
  const alone = walFrames(side) - before - together
  // A transaction writes whole pages: one by one, twenty writes touch far more of them than twenty of a group.
  expect(together / 500).toBeLessThan(alone / 20 / 4)
  side.close()
})

/** Pages in the write-ahead log. */
function walFrames(connection: ReturnType<typeof openOutboxFile>): number {
  return Number(connection.prepare('pragma wal_checkpoint(noop)').get()?.log)
}

test('a write that the file does not take is refused, and counts for nothing; the next is kept again', async () => {
  using folder = scratchFolder()
  const path = join(folder.path, 'outbox.db')
  await using outbox = new Outbox({ path, storeId: 'S1' })
  await outbox.append(write('a'))
  using other = new DatabaseSync(path)
  other.exec("create trigger refuse before insert on operation begin select raise(abort, 'no room'); end")
  await expect(outbox.append(write('b'))).rejects.toMatchObject({ code: 'WRITE_NOT_KEPT', status: 503 })
  expect([outbox.depth, outbox.find('till', 'b')]).toEqual([1, null])
  other.exec('drop trigger refuse')
  expect((await outbox.append(write('b'))).status).toBe('kept')
})
