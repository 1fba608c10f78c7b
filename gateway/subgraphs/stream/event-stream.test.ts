import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { EventStreamReader } from './event-stream.ts'

const read = (text: string): unknown => new EventStreamReader(1_000).read(Buffer.from(text))

describe('an event stream', () => {
  test('is read field by field, as the HTML standard has it', () => {
    expect(read('event: next\ndata: {"a":1}\n\n')).toEqual([{ name: 'next', data: '{"a":1}' }])
    expect(read('data:one\ndata: two\nid: 7\nretry: 10\n\n')).toEqual([{ name: 'message', data: 'one\ntwo' }])
    expect(read('event: complete\r\ndata:\r\n\r\n')).toEqual([{ name: 'complete', data: '' }])
    expect(read('event: complete\r\rdata\n\n')).toEqual([{ name: 'complete', data: '' }, { name: 'message', data: '' }])
    expect(read(': still here\n\n')).toEqual([{ name: null, data: '' }])
    expect(read('data: unfinished\n')).toEqual([])
  })

  test('reads the same wherever its pieces end, within a character too', () => {
    const lines = fc.constantFrom('event: next', 'data: {"name":"Käse 🧀"}', 'data:', 'event: complete', ': beat', '', 'unknown: x')
    const whole = fc.array(fc.tuple(lines, fc.constantFrom('\n', '\r\n', '\r'))).map((parts) => parts.flat().join(''))
    fc.assert(
      fc.property(whole, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (text, sizes) => {
        // A line feed after the last carriage return could still come: neither reader may wait for it.
        const bytes = Buffer.from(`${text}\n: end\n`)
        const reader = new EventStreamReader(10_000)
        const events: unknown[] = []
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          events.push(...reader.read(bytes.subarray(at, at + size)))
          at += size
        }
        expect(events).toEqual(new EventStreamReader(10_000).read(bytes))
      }),
    )
  })

  test('may not hold an event larger than allowed, in one line or in many', () => {
    for (const text of [`data: ${'x'.repeat(2_000)}`, `data: ${'x'.repeat(99)}\n`.repeat(11)]) expect(() => read(text)).toThrow(RangeError)
  })
})
