import { expect, test } from '@jest/globals'
import { join } from 'node:path'
import { createLogger } from '../../../../runtime/log.ts'
import { Link } from '../link.ts'
import type { NewOperation } from '../outbox/operation.ts'
import { Outbox } from '../outbox/outbox.ts'
import { eventually, scratchFolder } from '../testing/conditions.ts'
import { DeliveryRefused, type DeliveryClient, type SentOperation } from './client.ts'
import { Delivery } from './delivery.ts'

const log = createLogger('test', 'silent')

function write(operationId: string): NewOperation {
  return { principal: 'till', operationId, kind: 'recordStockMovement', payload: JSON.stringify({ operationId }), hash: 'h', receivedAt: 5 }
}

async function outboxOf(path: string, size: number): Promise<Outbox> {
  const outbox = await Outbox.open(join(path, 'outbox.db'))
  await Promise.all(Array.from({ length: size }, (_, number) => outbox.append(write(`op-${number}`))))
  return outbox
}

/** Takes what `accept` likes, in the order of arrival. */
function recorder(accept: (operations: readonly SentOperation[]) => void = () => {}): DeliveryClient & { readonly taken: string[]; requests: number } {
  const taken: string[] = []
  return {
    taken,
    requests: 0,
    async deliver(operations) {
      this.requests += 1
      accept(operations)
      taken.push(...operations.map(({ operationId }) => operationId))
      return operations.map(({ incarnation, n }) => ({ incarnation, n, recorded: true, reason: null }))
    },
  }
}

test('everything is delivered in its order, in requests of bounded size, and new writes wake it', async () => {
  using folder = scratchFolder()
  await using outbox = await outboxOf(folder.path, 250)
  const client = recorder((operations) => expect(operations.length).toBeLessThanOrEqual(100))
  await using delivery = new Delivery({ outbox, client, link: new Link(), log, position: () => null })
  await eventually(() => client.taken.length === 250, 'all are delivered')
  expect(client.taken).toEqual(Array.from({ length: 250 }, (_, number) => `op-${number}`))
  expect(client.requests).toBe(3)
  await eventually(() => outbox.waiting(0, 1).length === 0, 'they are remembered as delivered')
  await outbox.append(write('later'))
  delivery.wake()
  await eventually(() => client.taken.at(-1) === 'later', 'the new one is delivered')
})

test('writes that origin cannot use wait by themselves and the rest goes on', async () => {
  using folder = scratchFolder()
  await using outbox = await outboxOf(folder.path, 40)
  const poison = new Set(['op-7', 'op-30'])
  const client = recorder((operations) => {
    if (operations.some(({ operationId }) => poison.has(operationId))) throw new DeliveryRefused('not a request')
  })
  await using delivery = new Delivery({ outbox, client, link: new Link(), log, position: () => null })
  await eventually(() => client.taken.length === 38, 'the others are delivered')
  expect(delivery.faulty).toBe(2)
  await eventually(() => outbox.waiting(0, 50).length === 2, 'the two are kept')
  poison.clear()
  await eventually(() => client.taken.length === 40, 'the two are offered again')
  await eventually(() => delivery.faulty === 0, 'none is at fault')
})

test('a write that origin answers with a fault is offered again, and the others are not', async () => {
  using folder = scratchFolder()
  await using outbox = await outboxOf(folder.path, 5)
  const seen: string[][] = []
  const client: DeliveryClient = {
    async deliver(operations) {
      seen.push(operations.map(({ operationId }) => operationId))
      return operations.map(({ incarnation, n, operationId }) => {
        const faulty = operationId === 'op-2' && seen.length === 1
        return { incarnation, n, recorded: !faulty, reason: faulty ? 'a fault' : null }
      })
    },
  }
  await using delivery = new Delivery({ outbox, client, link: new Link(), log, position: () => null })
  await eventually(() => seen.length === 2 && delivery.faulty === 0, 'the faulty one is recorded')
  expect(seen).toEqual([['op-0', 'op-1', 'op-2', 'op-3', 'op-4'], ['op-2']])
})

test('a lost link is tried again with pauses, at once when it comes up', async () => {
  using folder = scratchFolder()
  await using outbox = await outboxOf(folder.path, 1)
  let down = true
  let tries = 0
  const client = recorder(() => {
    tries += 1
    if (down) throw new Error('no route')
  })
  const link = new Link()
  // The pauses are far longer than this test may take.
  await using delivery = new Delivery({ outbox, client, link, log, mostPauseMs: 10_000_000, firstPauseMs: 5_000_000, position: () => null })
  await eventually(() => tries === 1, 'it is tried')
  delivery.wake()
  down = false
  link.succeeded()
  await eventually(() => client.taken.length === 1, 'it is delivered as soon as the link is up')
  expect(tries).toBe(2)
})
