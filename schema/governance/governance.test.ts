import { describe, expect, test } from '@jest/globals'
import { operationIdOf } from '../manifest.ts'
import { contractOf, type Contract } from './compare.ts'
import { currentContract, releasedContract, standing } from './released.ts'

test('nothing breaks clients of the last release unrecorded (else: npm run aisle -- schema check)', async () => {
  const { unrecorded, stale } = await standing(await releasedContract(), await currentContract())
  expect({ unrecorded, stale }).toEqual({ unrecorded: [], stale: [] })
})

describe('what counts', () => {
  const sdl = 'type Query { product(id: ID!): Product } type Product { id: ID! name: String! colour: Colour } enum Colour { RED BLUE }'
  const contract = (text: string, ...bodies: string[]): Contract => {
    const operations = bodies.map((body) => ({ id: operationIdOf(body), name: 'Ask', type: 'query', body }))
    return contractOf(text, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }))
  }
  const ask = 'query Ask { product(id: 1) { name colour } }'
  const before = contract(sdl, ask)

  test('a field that is gone, and each released operation that asked for it', async () => {
    const { unrecorded } = await standing(before, contract(sdl.replace(' colour: Colour', ''), ask), [])
    expect(unrecorded.map(({ kind }) => kind)).toEqual(['FIELD_REMOVED', 'OPERATION_INVALID'])
    expect(unrecorded[0]?.text).toBe('Product.colour was removed.')
  })

  test('an operation that is gone', async () => {
    expect((await standing(before, contract(sdl), [])).unrecorded).toEqual([{ kind: 'OPERATION_REMOVED', text: expect.stringContaining('Ask') }])
  })

  test('a new value of an enum may surprise, and breaks nothing', async () => {
    const { unrecorded, dangerous } = await standing(before, contract(sdl.replace('BLUE', 'BLUE GREEN'), ask), [])
    expect([unrecorded, dangerous.map(({ kind }) => kind)]).toEqual([[], ['VALUE_ADDED_TO_ENUM']])
  })

  test('what is recorded may pass, and a record of what is not there is named', async () => {
    const now = contract(sdl.replace('id: ID!): Product', 'id: ID!, store: ID!): Product').replace('Product { id', 'Product { gtin: String id'))
    const change = 'A required arg store on Query.product was added.'
    const records = [{ change, reason: 'every client names its store already' }, { change: 'Product.size was removed.', reason: 'was never shown anywhere' }]
    const { unrecorded, recorded, stale } = await standing(contract(sdl), now, records)
    expect([unrecorded, recorded.map(({ text }) => text), stale]).toEqual([[], [change], ['Product.size was removed.']])
  })
})
