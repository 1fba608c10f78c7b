import { expect, test } from '@jest/globals'
import { buildSchema, graphql } from 'graphql'
import { AisleError } from '../../../runtime/errors.ts'
import { createLogger } from '../../../runtime/log.ts'
import { formatErrors } from './faults.ts'

test('what fails in execution has the code that the gateway gives it', async () => {
  const rootValue = {
    a: { empty: null },
    refused: () => {
      throw new AisleError('OUT_OF_SCOPE', undefined, { details: { storeId: 'b' } })
    },
    broken: () => {
      throw new TypeError('cannot read the safe')
    },
  }
  const schema = buildSchema('type Query { a: Deep  refused: Int  broken: Int }  type Deep { empty: Int! }')
  const { errors } = await graphql({ schema, rootValue, source: '{ a { empty } refused broken }' })
  expect(formatErrors(errors ?? [], createLogger('test', 'silent')).map(({ message, path, extensions }) => ({ message, path, extensions }))).toEqual([
    { message: 'Cannot return null for non-nullable field Deep.empty.', path: ['a', 'empty'], extensions: { code: 'UNEXPECTED_NULL' } },
    { message: 'This is outside what this store\'s node holds.', path: ['refused'], extensions: { code: 'OUT_OF_SCOPE', storeId: 'b' } },
    { message: 'Something failed inside the server.', path: ['broken'], extensions: { code: 'INTERNAL_SERVER_ERROR' } },
  ])
})
