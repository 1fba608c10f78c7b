import { expect, test } from '@jest/globals'
import { Lru } from './lru.ts'

test('what is used stays, what is not goes, and the capacity holds', () => {
  const lru = new Lru<number>(10)
  lru.set('kept', 0)
  for (let index = 1; index <= 1_000; index++) {
    lru.set(`other ${index}`, index)
    expect(lru.get('kept')).toBe(0)
    expect(lru.size).toBeLessThanOrEqual(10)
  }
  expect(lru.get('other 1000')).toBe(1_000)
  expect(lru.get('other 900')).toBeUndefined()
})

test('an entry that was replaced meanwhile is not forgotten', () => {
  const lru = new Lru<string>(4)
  lru.set('key', 'first')
  lru.set('key', 'second')
  lru.delete('key', 'first')
  expect(lru.get('key')).toBe('second')
  lru.delete('key', 'second')
  expect([lru.get('key'), lru.size]).toEqual([undefined, 0])
})

test('what is kept weighs no more than it may, however few or many entries that are', () => {
  const lru = new Lru<{ bytes: number }>(100, { maxBytes: 1_000, weigh: ({ bytes }, key) => bytes + key.length })
  for (let index = 0; index < 500; index++) {
    lru.set(String(index).padStart(4, '0'), { bytes: (index % 7) * 40 })
    expect(lru.bytes).toBeLessThanOrEqual(1_000)
    expect(lru.bytes).toBe([...lru.entries()].reduce((sum, [key, { bytes }]) => sum + bytes + key.length, 0))
  }
  expect(lru.size).toBeGreaterThan(1)
  lru.set('huge', { bytes: 5_000 })
  expect(lru.get('huge')).toBeDefined()
  lru.set('next', { bytes: 10 })
  lru.set('full', { bytes: 490 })
  expect([lru.get('huge'), lru.bytes]).toEqual([undefined, 508])
})

test('what becomes larger while it is kept makes room for itself', () => {
  const lru = new Lru<{ bytes: number }>(100, { maxBytes: 1_000, weigh: ({ bytes }) => bytes })
  const growing = { bytes: 100 }
  lru.set('growing', growing)
  growing.bytes += 500
  lru.grew(500)
  lru.set('other', { bytes: 100 })
  lru.set('another', { bytes: 450 })
  expect([lru.get('growing'), lru.bytes]).toEqual([undefined, 550])
})
