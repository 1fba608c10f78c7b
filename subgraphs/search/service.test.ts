import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { testDatabase } from '../../local/testing/postgres.ts'
import { createLogger } from '../../runtime/log.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { createPostgresSource } from '../log/postgres-source.ts'
import { startSequencer } from '../log/sequencer.ts'
import { developer } from '../../runtime/identity/caller.ts'
import type { RequestEnvironment } from '../shared/context.ts'
import { openPostgres } from '../storage/postgres/storage.ts'
import { openSearchServices } from './service.ts'

const log = createLogger('test', 'silent')

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(5)
}

test('a search pod copies the catalogue, follows the log, and goes on where it stood', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url)
  await using sequencer = startSequencer(storage, { owner: 'test', log, metrics: createMetrics('test') })
  await using source = createPostgresSource(storage)
  const directory = await mkdtemp(join(tmpdir(), 'aisle-search-'))
  const environment: RequestEnvironment = {
    storage, principal: 'test', caller: developer('test'), holdsStore: () => true, readingsSince: null, changes: { subscribe: () => { throw new Error('not used') } },
  }
  try {
    await storage.db.insertInto('product').values({ id: '1', name: 'Brass lamp', attributes: '[]' }).execute()
    {
      await using services = openSearchServices({ source, directory, log })
      await services.whenReady()
      expect(services.ready()).toBeNull()
      const ids = (query: string) => services.index(environment).match({ query }).ranking.ids()
      await until(() => ids('brass').length === 1)
      const began = performance.now()
      await storage.db.updateTable('product').set({ name: 'Copper kettle' }).where('id', '=', '1').execute()
      await until(() => ids('kettle').length === 1)
      expect(performance.now() - began).toBeLessThan(5_000)
      expect(ids('brass lamp')).toEqual([])
    }
    await storage.db.deleteFrom('product').where('id', '=', '1').execute()
    await storage.db.insertInto('product').values({ id: '2', name: 'Tin bucket', attributes: '[]' }).execute()
    await using reopened = openSearchServices({ source, directory, log })
    expect(reopened.ready()).toBeNull()
    await until(() => reopened.index(environment).match({ query: 'bucket' }).ranking.ids().length === 1)
    expect(reopened.index(environment).match({ query: '' }).ranking.ids()).toEqual(['2'])
    expect(sequencer.leading).toBe(true)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('before the first copy it says that it is not ready', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'aisle-search-'))
  const silent = { snapshot: () => Promise.reject(new Error('down')), changes: () => Promise.reject(new Error('down')) }
  try {
    await using services = openSearchServices({ source: silent, directory, log })
    expect(services.ready()).toBe('the catalogue is being copied')
    expect(() => services.index({} as RequestEnvironment)).toThrow('has not yet received its first copy')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
