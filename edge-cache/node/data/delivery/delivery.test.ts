import { expect, test } from '@jest/globals'
import { join } from 'node:path'
import { AisleError } from '../../../../runtime/errors.ts'
import { createLogger } from '../../../../runtime/log.ts'
import { thisMachine, type Machine } from '../../../../runtime/machine.ts'
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
  const outbox = new Outbox({ path: join(path, 'outbox.db'), storeId: 'S1' })
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
  await using delivery = new Delivery({ outbox, client, link: new Link(), log, cloudNow: Date.now, position: () => null })
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
  await using delivery = new Delivery({ outbox, client, link: new Link(), log, cloudNow: Date.now, position: () => null })
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
  await using delivery = new Delivery({ outbox, client, link: new Link(), log, cloudNow: Date.now, position: () => null })
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
  await using delivery = new Delivery({ outbox, client, link, log, mostPauseMs: 10_000_000, firstPauseMs: 5_000_000, cloudNow: Date.now, position: () => null })
  await eventually(() => tries === 1, 'it is tried')
  delivery.wake()
  down = false
  link.succeeded()
  await eventually(() => client.taken.length === 1, 'it is delivered as soon as the link is up')
  expect(tries).toBe(2)
})

test('who is told when to come back comes no sooner, and is not held for ever', async () => {
  using folder = scratchFolder()
  await using outbox = await outboxOf(folder.path, 1)
  const asked = [2, 1_000_000_000]
  let tries = 0
  const client = recorder(() => {
    tries += 1
    const retryAfterSeconds = asked.shift()
    if (retryAfterSeconds !== undefined) throw new AisleError('ORIGIN_BUSY', undefined, { details: { retryAfterSeconds } })
  })
  const timers: { ms: number; work: () => void }[] = []
  const machine: Machine = {
    ...thisMachine,
    after(ms, work) {
      const timer = { ms, work }
      timers.push(timer)
      return { [Symbol.dispose]: () => void timers.splice(timers.indexOf(timer), 1) }
    },
  }
  const link = new Link()
  await using delivery = new Delivery({ outbox, client, link, log, machine, cloudNow: Date.now, position: () => null })
  const waited: number[] = []
  for (const turn of [1, 2]) {
    await eventually(() => timers.length === 1, 'it waits')
    // Neither new writes nor a link that comes up cut it short.
    delivery.wake()
    link.failed()
    link.succeeded()
    await new Promise(setImmediate)
    expect(tries).toBe(turn)
    const [timer] = timers
    waited.push(timer?.ms ?? 0)
    timer?.work()
  }
  await eventually(() => client.taken.length === 1, 'it is delivered')
  const [first = 0, second = 0] = waited
  expect(first).toBeGreaterThanOrEqual(2_000)
  expect(first).toBeLessThanOrEqual(3_000)
  expect(second).toBeGreaterThanOrEqual(300_000)
  expect(second).toBeLessThanOrEqual(450_000)
})

test('a write at fault that the log settles meanwhile is waited for no longer', async () => {
  using folder = scratchFolder()
  await using outbox = await outboxOf(folder.path, 1)
  const client: DeliveryClient = {
    async deliver(operations) {
      return operations.map(({ incarnation, n }) => ({ incarnation, n, recorded: false, reason: 'a fault' }))
    },
  }
  await using delivery = new Delivery({ outbox, client, link: new Link(), log, cloudNow: Date.now, position: () => null })
  await eventually(() => delivery.faulty === 1, 'it is at fault')
  const [{ incarnation, n } = { incarnation: '', n: 0 }] = outbox.waiting(0, 1)
  await outbox.settle([{ incarnation, n, outcome: '{}' }], { epoch: 'e', batch: 1 }, 1)
  delivery.wake()
  await eventually(() => delivery.faulty === 0, 'nothing is at fault any more')
})

test('requests shrink until they fit a link that breaks off long ones, and everything passes', async () => {
  using folder = scratchFolder()
  await using outbox = new Outbox({ path: join(folder.path, 'outbox.db'), storeId: 'S1' })
  const payload = JSON.stringify({ readings: 'x'.repeat(8_000) })
  await Promise.all(Array.from({ length: 30 }, (_, number) => outbox.append({ ...write(`op-${number}`), payload })))
  const client = recorder((operations) => {
    if (JSON.stringify(operations).length > 20_000) throw new Error('the answer did not come in time')
  })
  await using _delivery = new Delivery({ outbox, client, link: new Link(), log, firstPauseMs: 1, mostPauseMs: 2, cloudNow: Date.now, position: () => null })
  await eventually(() => client.taken.length === 30, 'all are delivered')
  expect(client.taken).toEqual(Array.from({ length: 30 }, (_, number) => `op-${number}`))
})

test('an outbox that cannot be read for a while ends nothing', async () => {
  using folder = scratchFolder()
  await using outbox = await outboxOf(folder.path, 3)
  let readable = false
  const waiting = outbox.waiting.bind(outbox)
  outbox.waiting = (after, limit) => {
    if (!readable) throw new Error('disk I/O error')
    return waiting(after, limit)
  }
  const client = recorder()
  let failures = 0
  await using _delivery = new Delivery({ outbox, client, link: new Link(), log, firstPauseMs: 1, mostPauseMs: 2, cloudNow: Date.now, position: () => null, onRequest: (result) => (failures += result === 'failed' ? 1 : 0) })
  await eventually(() => failures >= 3, 'it is tried again and again')
  readable = true
  await eventually(() => client.taken.length === 3, 'all are delivered')
})

test('nothing is delivered before the cloud\'s clock is known, and never as received after now', async () => {
  using folder = scratchFolder()
  await using outbox = await outboxOf(folder.path, 1)
  await outbox.append({ ...write('later'), receivedAt: 9_000 })
  let cloudNow: number | null = null
  const received: number[] = []
  const client = recorder((operations) => received.push(...operations.map(({ receivedAt }) => receivedAt)))
  let looked = 0
  const clock = (): number | null => {
    looked += 1
    return cloudNow
  }
  await using delivery = new Delivery({ outbox, client, link: new Link(), log, cloudNow: clock, position: () => null })
  await eventually(() => looked > 0, 'it has looked')
  expect(client.requests).toBe(0)
  cloudNow = 700.5
  delivery.wake()
  await eventually(() => client.taken.length === 2, 'both are delivered')
  expect(received).toEqual([5, 700])
})
