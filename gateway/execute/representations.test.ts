import { expect, test } from '@jest/globals'
import type { RequiresSelection } from '../plan/planner.ts'
import { decidingFields } from './representations.ts'

const field = (name: string, more: object = {}): RequiresSelection => ({ kind: 'Field', name, ...more })
const on = (typeCondition: string, selections: readonly RequiresSelection[]): RequiresSelection => ({ kind: 'InlineFragment', typeCondition, selections }) as RequiresSelection

test.each([
  ['leaves of one type', [on('Book', [field('__typename'), field('isbn'), field('weight')])], ['isbn', 'weight']],
  ['leaves of several types, all of them', [on('Book', [field('isbn')]), on('Film', [field('id'), field('isbn')])], ['isbn', 'id']],
  ['nothing but the name', [on('Book', [field('__typename')])], null],
  ['an object', [on('Book', [field('isbn'), field('shop', { selections: [field('id')] })])], null],
  ['a field under another name', [on('Book', [field('isbn', { alias: 'key' })])], null],
  ['a type within a type', [on('Product', [on('Book', [field('isbn')])])], null],
])('equal representations are told by their fields: %s', (_case, requires, expected) => {
  expect(decidingFields(requires)).toEqual(expected)
})
