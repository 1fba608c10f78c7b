import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createLogger } from '../../runtime/log.ts'
import { SupergraphSource } from '../supergraph/source.ts'
import { type ReloadOptions, Reloader } from './reload.ts'

/** A file that is followed by watching alone. */
async function follow(take: ReloadOptions['take']): Promise<AsyncDisposable & { readonly file: string; readonly results: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'reload-'))
  const file = join(folder, 'supergraph.graphql')
  await writeFile(file, 'first')
  const source = new SupergraphSource(file)
  await source.read()
  const results: string[] = []
  const reloader = new Reloader(source, { pollMs: 600_000, take, observe: (result) => results.push(result), log: createLogger('reload', 'silent') })
  return {
    file,
    results,
    async [Symbol.asyncDispose]() {
      reloader[Symbol.dispose]()
      await rm(folder, { recursive: true })
    },
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1)
}

test('a change is noticed in a folder where something always happens', async () => {
  const taken: string[] = []
  await using followed = await follow(async (text) => {
    taken.push(text)
  })
  await writeFile(followed.file, 'second')
  // Never quiet for so long as a file is given to settle.
  while (taken.length === 0) {
    await writeFile(`${followed.file}.log`, 'x')
    await pause(1)
  }
  expect(taken).toEqual(['second'])
})

test('a change while another one is being taken is taken right after it', async () => {
  const taken: string[] = []
  const first = Promise.withResolvers<void>()
  await using followed = await follow(async (text) => {
    taken.push(text)
    if (text === 'second') await first.promise
  })
  await writeFile(followed.file, 'second')
  await until(() => taken.length === 1)
  await writeFile(followed.file, 'third')
  // Long after it was noticed, and could have been looked at.
  await pause(300)
  expect(taken).toEqual(['second'])
  first.resolve()
  await until(() => taken.length === 2)
  expect(taken).toEqual(['second', 'third'])
})

test('what failed for another reason than what it says is tried again at the next change of anything', async () => {
  let attempts = 0
  await using followed = await follow(async () => {
    if (++attempts === 1) throw new Error('no process could be started')
  })
  await writeFile(followed.file, 'second')
  await until(() => followed.results.length === 1)
  await writeFile(`${followed.file}.touched`, '')
  await until(() => followed.results.length === 2)
  expect(followed.results).toEqual(['refused', 'taken'])
})
