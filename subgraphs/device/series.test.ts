import { expect, test } from '@jest/globals'
import { bucketCount, checkSpan, mostBuckets, tooMany } from './series.ts'

const day = 24 * 3_600_000
const span = (from: number, to: number) => ({ metric: 'm', from, to })

test('buckets of a span are counted whole, on both sides of 1970', () => {
  expect(bucketCount(span(0, 10), 5)).toBe(2)
  expect(bucketCount(span(1, 11), 5)).toBe(3)
  expect(bucketCount(span(-1, 1), 5)).toBe(2)
  expect(bucketCount(span(-5, 0), 5)).toBe(1)
})

test('a span that runs backwards or an empty bucket is refused', () => {
  expect(() => checkSpan(span(2, 1), null)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }))
  expect(() => checkSpan(span(1, 2), 0)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }))
  expect(() => checkSpan(span(1, 1), 1)).not.toThrow()
})

test('the bucket named for a long span really fits', () => {
  for (const days of [1, 3, 30, 365, 3_650, 365_000]) {
    const asked = span(7, 7 + days * day)
    const named = String(tooMany(asked).details.bucket)
    const [, amount, unit] = /^PT?(\d+)([DHMS])$/.exec(named) ?? []
    const width = Number(amount) * { D: day, H: 3_600_000, M: 60_000, S: 1_000 }[unit as 'D']
    expect(bucketCount(asked, width)).toBeLessThanOrEqual(mostBuckets)
    expect(() => checkSpan(asked, width)).not.toThrow()
    expect(() => checkSpan(asked, 1)).toThrow(named)
  }
})
