import { describe, expect, test } from '@jest/globals'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainingIsCurrent } from '../subgraphs/recommendation/train/train.ts'
import { openPostgres } from '../subgraphs/storage/postgres/storage.ts'
import { loadData } from './load.ts'
import { testDatabase } from './testing/postgres.ts'

async function dataFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'aisle-load-test-'))
  await writeFile(join(path, 'products.csv'), 'id,name,list_price,currency\np1,Oat drink,1.20,EUR\np2,Rye bread,2.40,EUR\n')
  await writeFile(join(path, 'stores.csv'), 'id,name,timezone\ns1,Harbour,Europe/Brussels\n')
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const { signal } = new AbortController()

describe('loading', () => {
  test('a folder happens once, and again when a file changed', async () => {
    await using folder = await dataFolder()
    await using database = await testDatabase()
    await using storage = openPostgres(database.url)
    const load = () => loadData({ storage, dataDirectory: folder.path, demoSize: 'small', rejects: join(folder.path, 'rejects.txt'), onProgress() {}, signal })
    expect(await load()).toMatch(/^3 rows of .*recommendations trained$/)
    expect(await load()).toBe('already loaded')
    await utimes(join(folder.path, 'stores.csv'), 1, 1)
    expect(await load()).toMatch(/^3 rows/)
    expect(await trainingIsCurrent(storage)).toBe(true)
  })

  test('the demo makes a chain of stores', async () => {
    await using database = await testDatabase()
    await using storage = openPostgres(database.url)
    const steps: string[] = []
    const load = () => loadData({ storage, demoSize: 60, rejects: join(tmpdir(), 'aisle-no-rejects'), onProgress: (detail) => steps.push(detail), signal })
    expect(await load()).toMatch(/the demo chain \(60 products\), recommendations trained$/)
    expect(await storage.db.selectFrom('store').select((query) => query.fn.countAll().as('stores')).execute()).toEqual([{ stores: 12 }])
    expect(steps.some((step) => step.startsWith('products'))).toBe(true)
    expect(await load()).toBe('already loaded')
  })

  test('the demo does not come into a database that somebody filled', async () => {
    await using database = await testDatabase()
    await using storage = openPostgres(database.url)
    await storage.db.insertInto('product').values({ id: 'mine', name: 'Mine', description: null, brand: null, category_id: null, gtin: null, attributes: '[]', image_url: null }).execute()
    expect(await loadData({ storage, demoSize: 60, rejects: join(tmpdir(), 'aisle-no-rejects'), onProgress() {}, signal })).toBe('left as they are')
    expect(await storage.db.selectFrom('product').select('id').execute()).toEqual([{ id: 'mine' }])
  })
})
