import { expect, test } from '@jest/globals'
import { Gate } from './gate.ts'

test('lets a bounded number in, the others in their order, and tells the rest when to come back', async () => {
  const gate = new Gate({ atOnce: 2, queue: 3 })
  const order: number[] = []
  const ends: (() => void)[] = []
  const work = (nth: number) => () => {
    order.push(nth)
    return new Promise<void>((resolve) => ends.push(resolve))
  }
  const running = [1, 2, 3, 4, 5].map((nth) => gate.run(work(nth)))
  expect(order).toEqual([1, 2])
  expect(gate.waiting).toBe(3)
  await expect(gate.run(work(6))).rejects.toMatchObject({ code: 'ORIGIN_BUSY', status: 503, details: { retryAfterSeconds: 1 } })
  for (const _ of running) {
    ends.shift()?.()
    await new Promise(setImmediate)
  }
  await Promise.all(running)
  expect(order).toEqual([1, 2, 3, 4, 5])
  expect(gate.waiting).toBe(0)
  await gate.run(async () => {})
})

test('a place is held until it is left, once', async () => {
  const gate = new Gate({ atOnce: 1, queue: 5 })
  const leave = await gate.hold()
  const order: string[] = []
  const others = [gate.hold().then((left) => (order.push('first'), left)), gate.run(async () => void order.push('second'))] as const
  expect(gate.waiting).toBe(2)
  leave()
  leave()
  const left = await others[0]
  expect([order, gate.waiting]).toEqual([['first'], 1])
  left()
  await others[1]
  expect(order).toEqual(['first', 'second'])
  await expect(gate.hold(AbortSignal.abort())).rejects.toThrow()
  await gate.run(async () => {})
})

test('what fails, and who has gone, leaves its place to the next', async () => {
  const gate = new Gate({ atOnce: 1, queue: 1 })
  const gone = new AbortController()
  const failing = gate.run(async () => {
    throw new Error('failed')
  })
  const waiting = gate.run(async () => 'never', gone.signal)
  gone.abort()
  await expect(failing).rejects.toThrow('failed')
  await expect(waiting).rejects.toThrow()
  await expect(gate.run(async () => 'served')).resolves.toBe('served')
})

test('who was turned away keeps his place: at his return the last of those who came after him goes instead', async () => {
  const gate = new Gate({ atOnce: 1, queue: 2 })
  const leave = await gate.hold()
  const order: string[] = []
  const come = (name: string, signal?: AbortSignal): Promise<void> => gate.run(async () => void order.push(name), signal, name)
  const impatient = new AbortController()
  const first = come('first')
  const second = come('second', impatient.signal)
  await expect(come('third')).rejects.toMatchObject({ code: 'ORIGIN_BUSY' })
  // Who no longer waits takes no room.
  impatient.abort()
  await expect(second).rejects.toThrow()
  expect(gate.waiting).toBe(1)
  const fourth = come('fourth')
  const third = come('third')
  await expect(fourth).rejects.toMatchObject({ code: 'ORIGIN_BUSY' })
  leave()
  await Promise.all([first, third])
  expect(order).toEqual(['first', 'third'])
  await come('fourth')
})

test('each of a crowd that is turned away is told a later time than the one before', async () => {
  const gate = new Gate({ atOnce: 1, queue: 1 })
  void gate.enter()
  gate.leave(60_000)
  void gate.enter()
  void gate.enter()
  const told = (who: string): unknown => {
    try {
      return gate.enter(who)
    } catch (error) {
      return (error as { details: { retryAfterSeconds: number } }).details.retryAfterSeconds
    }
  }
  const seconds = ['a', 'b', 'c'].map(told)
  expect(seconds).toEqual(seconds.toSorted((one, other) => Number(one) - Number(other)))
  expect(new Set(seconds).size).toBe(3)
  // Whoever asks again too early is counted once.
  expect(told('a')).toBe(seconds[2])
})
