import { expect, test } from '@jest/globals'
import { inParts, type Part } from './parts.ts'

test('the parts that are asked for run in their own order, each ending what it started before the next begins', async () => {
  const happened: string[] = []
  const part = (name: string): Part => async (_options, stack) => {
    happened.push(`${name} begins`)
    stack.defer(() => void happened.push(`${name} has ended`))
    return { table: name, figures: { [`${name}.value`]: name.length } }
  }
  const parts = { one: part('one'), two: part('two'), three: part('three') }
  const options = { quick: true, say: () => {} }
  expect(await inParts(parts, ['three', 'one'], options)).toEqual({ table: 'one\n\nthree', figures: { 'one.value': 3, 'three.value': 5 } })
  expect(happened).toEqual(['one begins', 'one has ended', 'three begins', 'three has ended'])
  expect(Object.keys((await inParts(parts, [], options)).figures)).toHaveLength(3)
  await expect(inParts(parts, ['two', 'four'], options)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('no part four') })
})
