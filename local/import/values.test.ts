import { describe, expect, test } from '@jest/globals'
import { readAttributes } from './attributes.ts'
import { newCategories } from './categories.ts'
import { RowProblem, RowReader } from './row.ts'
import { readTime } from './time.ts'

describe('attributes', () => {
  test('keep the order of the file, also where names look like numbers, and numbers keep their digits', () => {
    expect(readAttributes('{"b": "x", "10": 1.50, "2": true, "a": {"k": [1, 2]}, "none": null, "esc\\"aped": "a\\u00e9"}')).toEqual([
      ['b', 'x'], ['10', '1.50'], ['2', 'true'], ['a', '{"k":[1,2]}'], ['esc"aped', 'aé'],
    ])
    expect(readAttributes('{}')).toEqual([])
    expect(readAttributes('{"a": "x, {y}: [z]", "b": ""}')).toEqual([['a', 'x, {y}: [z]'], ['b', '']])
  })

  test.each([['nope', 'is not JSON'], ['[1]', 'is not a JSON object'], ['{"a": 1, "a": 2}', 'has the attribute "a" twice'], ['{"": 1}', 'has an attribute without a name']])(
    '%s %s', (json, reason) => {
      expect(readAttributes(json)).toBe(reason)
    },
  )
})

test('times are RFC 3339 in UTC, and days that do not exist are none', () => {
  expect(readTime('2011-10-31T00:00:00Z')).toBe(Date.UTC(2011, 9, 31))
  expect(readTime('2011-10-31T23:59:59.123456+00:00')).toBe(Date.UTC(2011, 9, 31, 23, 59, 59, 123))
  for (const text of ['2011-10-31', '2011-10-31 00:00:00Z', '2011-02-30T00:00:00Z', '2011-13-01T00:00:00Z', '2011-10-31T24:00:00Z', '2011-10-31T00:00:00+02:00', 'x']) {
    expect(readTime(text)).toBeNull()
  }
})

describe('money', () => {
  const money = (amount: string, currency: string) => new RowReader(['amount', 'currency']).on([amount, currency]).money('amount', 'currency')
  const problem = (amount: string, currency: string): RowProblem => {
    try {
      money(amount, currency)
    } catch (error) {
      if (error instanceof RowProblem) return error
      throw error
    }
    throw new Error('was accepted')
  }

  test('becomes minor units by the digits of its currency, exactly', () => {
    expect(money('2.55', 'GBP').minor).toBe(255)
    expect(money('0.29', 'EUR').minor).toBe(29)
    expect(money('1999999.99', 'USD').minor).toBe(199_999_999)
    expect(money('500', 'JPY').minor).toBe(500)
    expect(money('1.234', 'KWD').minor).toBe(1234)
    expect(money('2.500', 'EUR').minor).toBe(250)
  })

  test('that cannot be exact is refused, with the column at fault', () => {
    expect(problem('2.555', 'GBP')).toEqual(new RowProblem('amount', '2.555 has more decimals than GBP has (2)'))
    expect(problem('5.5', 'JPY').column).toBe('amount')
    expect(problem('-1', 'EUR').reason).toBe('-1 is less than 0')
    expect(problem('1,50', 'EUR').reason).toBe('"1,50" is not a decimal number such as 12.50')
    expect(problem('1.50', 'EURO').column).toBe('currency')
    expect(problem('1.50', 'XQQ').column).toBe('currency')
  })
})

describe('categories', () => {
  test('get slugs of their levels; parents are made too, and clashes are told apart the same way in any order', () => {
    const paths = [['Tea & Coffee', 'Black'], ['Tea-Coffee'], ['Café']]
    const made = newCategories(paths, new Map())
    expect(made.map(({ id, parentId }) => [id, parentId])).toEqual([
      ['cafe', null], ['tea-coffee', null], ['tea-coffee-2', null], ['tea-coffee/black', 'tea-coffee'],
    ])
    expect(newCategories(paths.toReversed(), new Map())).toEqual(made)
  })

  test('that are there keep their ids', () => {
    const known = new Map([['["Tea-Coffee"]', 'tea-coffee']])
    expect(newCategories([['Tea & Coffee'], ['Tea-Coffee']], known)).toEqual([{ id: 'tea-coffee-2', parentId: null, names: ['Tea & Coffee'] }])
  })
})
