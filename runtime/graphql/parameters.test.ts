import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readSearchParameters, readSearchText } from './parameters.ts'

/** What a reading gives, or the code of its refusal. */
function outcome(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return (error as { readonly code?: unknown }).code ?? error
  }
}

const names = fc.constantFrom('documentId', 'variables', 'operationName', 'query', 'extensions', 'document%49d', 'other+name', '')
const values = fc.oneof(
  fc.json().map(encodeURIComponent),
  fc.string({ unit: 'grapheme' }).map(encodeURIComponent),
  fc.constantFrom('a+b', '%', '%zz', '%ff', '%EF%BB%BF{}', 'a=b', '{"a":"b+c"}', 'ä', ''),
)
const pairs = fc.tuple(names, values, fc.boolean()).map(([name, value, whole]) => (whole ? `${name}=${value}` : name))

test('a query string is read as URLSearchParams reads it', () => {
  fc.assert(
    fc.property(fc.array(pairs, { maxLength: 5 }).map((all) => all.join('&')), (text) => {
      expect(outcome(() => readSearchText(text))).toEqual(outcome(() => readSearchParameters(new URLSearchParams(text))))
    }),
    { numRuns: 2_000 },
  )
})
