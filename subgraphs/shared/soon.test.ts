import { expect, test } from '@jest/globals'
import { after, Gathering, isPromise, lastly, Soon, when } from './soon.ts'

const fault = new Error('a fault')
const raise = (): never => {
  throw fault
}

test('what waits runs in the call that settles, what comes later in its own call, and only once', () => {
  const soon = new Soon<number>()
  const told: unknown[] = []
  soon.then((value) => told.push(value)).then((count) => told.push(`after ${count}`))
  expect(told).toEqual([])
  soon.keep(1)
  expect(told).toEqual([1, 'after 1'])
  soon.keep(2)
  soon.fail(fault)
  soon.when((value) => told.push(value), () => told.push('broken'))
  expect(told).toEqual([1, 'after 1', 1])
})

test('it means to others what a promise means', async () => {
  const late = new Soon<string>()
  queueMicrotask(() => late.keep('late'))
  expect(await late).toBe('late')
  expect(await Promise.all([Soon.of(1), Soon.of(2).then((value) => Promise.resolve(value * 2)), Soon.failed(fault).then(null, () => 3)])).toEqual([1, 4, 3])
  await expect(Promise.resolve(Soon.of(1).then(raise))).rejects.toBe(fault)
  await expect(Promise.resolve(Soon.failed(fault).then(() => 1))).rejects.toBe(fault)
  await expect(Promise.resolve(Soon.of(1).then(() => Promise.reject(fault)))).rejects.toBe(fault)
})

test('its value is had at once where it is here', () => {
  expect(Soon.of(1).now).toBe(1)
  expect(() => Soon.failed(fault).now).toThrow(fault)
  const pending = new Soon()
  expect(pending.now).toBe(pending)
  expect([Soon.of(1), Promise.resolve(1), 1, null, undefined, { at: 1 }].map(isPromise)).toEqual([true, true, false, false, false, false])
})

test('a chain takes no tick where nothing has to be waited for', async () => {
  expect(after(1, (value) => value + 1)).toBe(2)
  expect(await after(Promise.resolve(1), (value) => value + 1)).toBe(2)
  const ends: string[] = []
  expect(lastly(() => 1, () => ends.push('value'))).toBe(1)
  expect(() => lastly(raise, () => ends.push('throw'))).toThrow(fault)
  await lastly(() => Promise.resolve(1), () => ends.push('kept'))
  await expect(lastly(() => Promise.reject(fault), () => ends.push('broken'))).rejects.toBe(fault)
  expect(ends).toEqual(['value', 'throw', 'kept', 'broken'])
})

test('a gathering fills its places in whatever order they come, and breaks with the first that does', async () => {
  const [first, second] = [new Soon<number>(), new Soon<number>()]
  const numbers = new Gathering<number[]>([])
  numbers.add(0, first)
  numbers.add(1, second)
  numbers.add(2, Promise.resolve(3))
  const whole = numbers.whole()
  second.keep(2)
  first.keep(1)
  expect(whole.now).toBe(whole)
  expect(await whole).toEqual([1, 2, 3])

  const broken = new Gathering<number[]>([])
  broken.add(0, new Soon<number>())
  broken.add(1, Soon.failed(fault))
  const told: unknown[] = []
  when(broken.whole(), () => told.push('kept'), (error) => told.push(error))
  expect(told).toEqual([fault])
})
