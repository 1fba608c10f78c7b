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
