import { describe, expect, test } from '@jest/globals'
import { parse } from 'graphql'
import { AisleError } from '../../runtime/errors.ts'
import { checkDocument, type DocumentLimits } from './document.ts'

const none: DocumentLimits = { maxDepth: 0, maxHeight: 0, maxAliases: 0, maxRootFields: 0, maxDirectives: 0, maxTokens: 0 }

function codeOf(query: string, limits: Partial<DocumentLimits>): string | null {
  try {
    checkDocument(parse(query), { ...none, ...limits })
    return null
  } catch (error) {
    return AisleError.is(error) ? error.code : String(error)
  }
}

describe('the limits of a document', () => {
  test.each<[string, string, keyof DocumentLimits, number, string]>([
    ['depth', '{ a { b { c } } }', 'maxDepth', 3, 'MAX_DEPTH_LIMIT'],
    ['depth through fragments', '{ a { ...F } } fragment F on A { b { ... { c } } }', 'maxDepth', 3, 'MAX_DEPTH_LIMIT'],
    ['fields', '{ a { b c } d }', 'maxHeight', 4, 'MAX_HEIGHT_LIMIT'],
    ['fields of fragments wherever they are spread', '{ a { ...F } b { ...F } } fragment F on A { c d }', 'maxHeight', 6, 'MAX_HEIGHT_LIMIT'],
    ['aliases', '{ x: a y: a { z: b } ...F ...F } fragment F on Query { w: a }', 'maxAliases', 5, 'MAX_ALIASES_LIMIT'],
    ['fields at the root', '{ a b { c } ... { d } }', 'maxRootFields', 3, 'MAX_ROOT_FIELDS_LIMIT'],
    ['directives', 'query @a { b @c ... @d { e } ...F @g } fragment F on Query @h { a }', 'maxDirectives', 5, 'MAX_DIRECTIVES_LIMIT'],
  ])('%s', (_, query, limit, held, code) => {
    expect(codeOf(query, { [limit]: held })).toBe(null)
    expect(codeOf(query, { [limit]: held - 1 })).toBe(code)
    expect(codeOf(query, {})).toBe(null)
  })

  test('fragments that double at each step are measured without being spread out', () => {
    const steps = Array.from({ length: 200 }, (_, step) => `fragment F${step} on A { a { ...F${step + 1} } b: a { ...F${step + 1} } }`)
    expect(codeOf(`{ a { ...F0 } } ${steps.join(' ')} fragment F200 on A { c }`, { maxHeight: 1_000 })).toBe('MAX_HEIGHT_LIMIT')
  })

  test('fragments that spread each other end', () => {
    expect(codeOf('{ ...F } fragment F on Query { a { ...G } } fragment G on A { b { ...F } }', { maxDepth: 10, maxHeight: 10 })).toBe(null)
  })
})
