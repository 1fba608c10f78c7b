import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createLogger } from '../../../runtime/log.ts'
import { scratchFolder } from '../data/testing/conditions.ts'
import type { Recipe } from './key.ts'
import { Warmth, type WarmthOptions } from './warm.ts'

const log = createLogger('test', 'silent')
const recipe = (operationId: string): Recipe => ({ operationId, variables: { id: operationId } })
const remembered = JSON.stringify([recipe('newest'), recipe('older'), recipe('oldest')])

/** What is made ready, in its order, and what is remembered afterwards. */
async function warmed(options: Partial<WarmthOptions>): Promise<{ made: string[]; kept: unknown }> {
  using folder = scratchFolder()
  const file = join(folder.path, 'asked.json')
  await writeFile(file, remembered)
  const made: string[] = []
  {
    await using warmth = new Warmth({
      file, log,
      recipes: () => [recipe('asked meanwhile')],
      ready: () => true,
      async make({ operationId }) {
        made.push(operationId)
      },
      ...options,
    })
    await warmth.warmed
  }
  return { made, kept: (JSON.parse(await readFile(file, 'utf8')) as Recipe[]).map(({ operationId }) => operationId) }
}

test('what was asked for is made ready in the order of its use, and then what is asked for now is remembered', async () => {
  expect(await warmed({})).toEqual({ made: ['oldest', 'older', 'newest'], kept: ['asked meanwhile'] })
})

test('what cannot be made ready, or is of a copy that is not there yet, stops nothing', async () => {
  expect(await warmed({ make: async () => Promise.reject(new Error('it is not offered any more')) })).toMatchObject({ kept: ['asked meanwhile'] })
  expect(await warmed({ ready: () => false })).toEqual({ made: [], kept: ['asked meanwhile'] })
})

test('a node that is stopped while it makes ready forgets nothing', async () => {
  using folder = scratchFolder()
  const file = join(folder.path, 'asked.json')
  await writeFile(file, remembered)
  const begun = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const warmth = new Warmth({
    file, log,
    recipes: () => [],
    ready: () => true,
    make() {
      begun.resolve()
      return held.promise
    },
  })
  await begun.promise
  const closed = warmth[Symbol.asyncDispose]()
  held.resolve()
  await closed
  expect(await readFile(file, 'utf8')).toBe(remembered)
})
