import { expect, test } from '@jest/globals'
import { ByteCache, type NewEntry } from './byte-cache.ts'
import { answerKey, recipesOf } from './key.ts'
import { Moves, slotOf } from './moves.ts'

function entry(moves: Moves, key: string, tag: string, length = 100): NewEntry {
  const slots = [slotOf(tag)]
  return { key, bytes: 'x'.repeat(length), etag: key, lacks: false, slots, since: moves.clock, version: moves.newest(slots) }
}

test('keeps an answer until what it read moves, and no longer', () => {
  const moves = new Moves()
  const cache = new ByteCache(moves, 100_000)
  cache.put(entry(moves, 'tea', 'stock:S:tea'), '/tea')
  cache.put(entry(moves, 'milk', 'stock:S:milk'), null)
  moves.moved(['stock', 'stock:S', 'stock:S:tea'])
  expect([cache.find('/tea'), cache.get('tea', null), cache.get('milk', '/milk')?.etag, cache.find('/milk')?.etag]).toEqual([null, null, 'milk', 'milk'])
  moves.everything()
  expect([cache.find('/milk'), cache.size, cache.bytes]).toEqual([null, 0, 0])
})

test('a fill that was raced by a change is discarded', () => {
  const moves = new Moves()
  const cache = new ByteCache(moves, 100_000)
  const { since, slots, ...rest } = entry(moves, 'tea', 'stock:S:tea')
  moves.moved(['stock:S:tea'])
  expect(cache.put({ ...rest, since, slots, version: moves.newest(slots) }, null)).toBe(false)
  expect({ found: cache.get('tea', null), discarded: cache.counts.discarded }).toEqual({ found: null, discarded: 1 })
})

test('stays within its bytes, and lets the least recently used go', () => {
  const moves = new Moves()
  const cache = new ByteCache(moves, 20_000)
  for (let at = 0; at < 200; at += 1) {
    cache.put(entry(moves, `key ${at}`, 'table'), `/alias ${at}`)
    expect(cache.get('key 0', null)?.etag).toBe('key 0')
    expect(cache.bytes).toBeLessThanOrEqual(20_000)
  }
  expect({ last: cache.find('/alias 199')?.etag, second: cache.get('key 1', null), evicted: cache.counts.evictions > 100 }).toEqual({ last: 'key 199', second: null, evicted: true })
  expect(cache.keys().slice(0, 2)).toEqual(['key 199', 'key 0'])
})

test('an answer that would push out many others is not kept, nor any with no room at all', () => {
  const moves = new Moves()
  const cache = new ByteCache(moves, 20_000)
  expect([cache.put(entry(moves, 'report', 'table', 5_000), null), cache.size, new ByteCache(moves, 0).put(entry(moves, 'label', 'table'), null)]).toEqual([false, 0, false])
})

test('what is asked for once leaves room for what is asked for again, the oldest of it first', () => {
  const moves = new Moves()
  const cache = new ByteCache(moves, 20_000)
  cache.put(entry(moves, 'often', 'table'), null)
  expect(cache.get('often', '/often')?.etag).toBe('often')
  for (let at = 0; at < 200; at += 1) {
    cache.put(entry(moves, `key ${at}`, 'table', 50 + ((at * 37) % 400)), null)
    expect(cache.bytes).toBeLessThanOrEqual(20_000)
  }
  const kept = cache.keys()
  expect(kept.slice(0, 3)).toEqual(['often', 'key 199', 'key 198'])
  expect({ some: cache.size > 10 && cache.size < 100, evicted: cache.counts.evictions === 201 - cache.size, first: cache.get('key 0', null) }).toEqual({ some: true, evicted: true, first: null })
  const { bytes, etag } = cache.get('key 150', null) ?? cache.get('key 190', null) ?? {}
  expect([bytes?.length, etag]).toEqual([50 + ((Number(etag?.slice(4)) * 37) % 400), etag])
})

test('a key tells apart what may be answered differently, and nothing else', () => {
  const key = (variables: Record<string, unknown>, rights = ''): string => answerKey('op', ['a', 'b'], variables, { rights })
  const filter = { a: { x: 1, y: [2] }, b: 's' }
  expect(key({ b: 's', c: 'undeclared', a: { y: [2], x: 1 } })).toBe(key(filter))
  const different = [key(filter), key(filter, 'staff'), key({ a: null }), key({}), key({ a: '', b: null }), key({ a: 'null' }), key({ b: null }), key({ a: '1' }), key({ a: 1 }), key({ a: 'x\ny' }), key({ a: JSON.parse('1e999') }), key({ a: JSON.parse('[-1e999]') }), key({ a: [null] }), key({ a: 'x', b: 'y' })]
  expect(new Set(different).size).toBe(different.length)
})

test('a key tells what was asked, but nobody what only some may see', () => {
  const variables = { a: { x: 1, y: [null] }, b: 'naïve 茶' }
  const keys = [answerKey('op', ['a', 'b', 'c'], variables, { rights: '' }), answerKey('op', ['a', 'b', 'c'], variables, { rights: 'staff' }), answerKey('gone', [], {}, { rights: '' }), answerKey('op', ['a', 'b', 'c'], { a: JSON.parse('1e999') }, { rights: '' }), answerKey('op', ['a', 'b', 'c'], { c: null }, { rights: '' })]
  expect(recipesOf(keys, (id) => (id === 'op' ? ['a', 'b', 'c'] : undefined), 9)).toEqual([{ operationId: 'op', variables }, { operationId: 'op', variables: { c: null } }])
})
