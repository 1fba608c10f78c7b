import { expect, test } from '@jest/globals'
import { bootstrap, qualityOf, quantile } from './measures.ts'

const gains = new Map([['best', 1], ['good', 2 / 3], ['poor', 1 / 3], ['wrong', 0]])

test('the ideal order is worth 1, and a lower place is worth less by its logarithm', () => {
  expect(qualityOf(['best', 'good', 'poor'], gains)).toEqual({ ndcg10: 1, mrr10: 1, recall100: 1, empty: 0 })
  const ideal = 1 + 2 / 3 / Math.log2(3) + 1 / 3 / 2
  const { ndcg10, mrr10, recall100 } = qualityOf(['unjudged', 'poor', 'best'], gains)
  expect(ndcg10).toBeCloseTo((1 / 3 / Math.log2(3) + 1 / 2) / ideal, 12)
  expect(mrr10).toBeCloseTo(1 / 3, 12)
  expect(recall100).toBe(0.5)
})

test('what stands behind the tenth place counts for recall alone', () => {
  const others = Array.from({ length: 10 }, (_, at) => `other ${at}`)
  expect(qualityOf([...others, 'best'], gains)).toEqual({ ndcg10: 0, mrr10: 0, recall100: 0.5, empty: 0 })
  expect(qualityOf([], gains)).toEqual({ ndcg10: 0, mrr10: 0, recall100: 0, empty: 1 })
})

test('an interval holds its mean, narrows with more values, and is the same each time', () => {
  const values = Array.from({ length: 50 }, (_, at) => at % 5)
  const few = bootstrap(values.slice(0, 10))
  const many = bootstrap(values)
  expect(many.mean).toBe(2)
  expect(many.low).toBeLessThan(2)
  expect(many.high).toBeGreaterThan(2)
  expect(many.high - many.low).toBeLessThan(few.high - few.low)
  expect(bootstrap(values)).toEqual(many)
})

test('quantiles are values that occur', () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at)
  expect([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1), quantile([], 0.5)]).toEqual([50, 99, 100, 0])
})
