import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { CheckReport } from '../../edge-cache/node/check/check.ts'
import { openCopy, pullCopy } from '../../edge-cache/node/check/copy.ts'
import { demoSource } from '../../local/demo/source.ts'
import { importData } from '../../local/import/import.ts'
import { testDatabase, type TestDatabase } from '../../local/testing/postgres.ts'
import { operationIdOf } from '../../schema/manifest.ts'
import { trainRecommendations } from '../../subgraphs/recommendation/train/train.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { startRole, type RoleProcess } from '../environment/process.ts'
import { ready } from '../environment/wait.ts'

const aisle = fileURLToPath(new URL('../../aisle.ts', import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

describe('aisle operations check', () => {
  let folder: string
  let database: TestDatabase
  let origin: RoleProcess
  let storeId: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aisle-operations-check-'))
    database = await testDatabase()
    {
      await using storage = openPostgres(database.url)
      await importData(demoSource({ products: 400, seed: 'check', now: Date.now() }), storage, {})
      await trainRecommendations(storage, {})
      storeId = (await storage.db.selectFrom('store').select('id').orderBy('id').executeTakeFirstOrThrow()).id
    }
    origin = await startRole('origin', ['origin', '--port', '0'], { DATABASE_URL: database.url, AISLE_LOG_LEVEL: 'warn' })
    await ready(origin.url)
    // A node's directory, for the checks that need no origin.
    await using edge = await startRole('edge', ['edge', '--port', '0', '--origin', origin.url, '--store', storeId, '--data', join(folder, 'node')], { AISLE_LOG_LEVEL: 'warn' })
    await ready(edge.url)
  }, 120_000)

  afterAll(async () => {
    await origin?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const check = (...args: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      execFile(process.execPath, ['--no-warnings', aisle, 'operations', 'check', '--runs', '3', ...args], { env: { ...process.env, NODE_OPTIONS: '' }, timeout: 100_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }))
    })
  const manifestOf = async (...bodies: string[]): Promise<string> => {
    const file = join(folder, `${operationIdOf(bodies.join('\n')).slice(0, 8)}.json`)
    const operations = bodies.map((body) => ({ id: operationIdOf(body), name: /\w+ (\w+)/.exec(body)?.[1], type: body.split(' ')[0], body }))
    await writeFile(file, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }))
    return file
  }
  const node = (): string[] => ['--store', storeId, '--data', join(folder, 'node')]

  test('proves every committed operation over a fresh copy from origin, and says what it costs', async () => {
    const file = join(folder, 'report.json')
    const { code, stdout, stderr } = await check('--store', storeId, '--origin', origin.url, '--json', file)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const report = JSON.parse(await readFile(file, 'utf8')) as CheckReport
    const by = (name: string) => report.operations.find((operation) => operation.name === name)
    expect(report).toMatchObject({ storeId, problems: [], replica: { rows: { product: 400 } } })
    expect(report.replica.bytes).toBeGreaterThan(500_000)
    expect(by('AppProduct')).toMatchObject({ offline: 'yes', cloudOnly: [], otherStores: ['products.*.price', 'products.*.availability'], runs: 3, p50Ms: expect.any(Number), maxMs: expect.any(Number) })
    expect(by('AppProduct')?.worst?.ids).toHaveLength(400)
    expect(by('AppProduct')?.access).toMatchObject({ tables: expect.arrayContaining(['product', 'shown_stock', 'list_price', 'neighbours']), scans: [] })
    expect(by('SearchProducts')?.access.tables).toContain('search_text')
    expect(by('SearchProducts')?.worst).toMatchObject({ first: expect.any(Number) })
    expect(by('WhereInStock')).toMatchObject({ offline: 'in part', cloudOnly: ['Product.nearestAvailability'] })
    expect(by('MyRecommendations')).toMatchObject({ offline: 'cloud only', cloudOnly: ['Query.customerRecommendations'], worst: null })
    expect(by('SetPrice')?.offline).toBe('cloud only')
    expect(by('RecordCount')?.offline).toBe('yes')
    expect(by('WatchStock')).toMatchObject({ type: 'subscription', offline: 'yes' })
    expect(report.operations.filter(({ type, offline }) => type === 'query' && offline === 'yes').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['DisplayProducts', 'ShelfLabel', 'StoreStock', 'DeviceReadings', 'StockReport', 'BrowseCategories', 'AppHome', 'ProductPage', 'FindStores']),
    )
    expect(stdout).toMatch(/^AppProduct +query +yes +\d+\.\d\d +\d+\.\d\d {2}.*shown_stock/m)
    expect(stdout).toContain('only in the cloud: Product.nearestAvailability')
  })

  test('ends with 1 for what no store can answer, what is no longer in the graph, and what takes too long', async () => {
    const chain = 'query Chain($groupBy: StockGrouping!) { stockReport(groupBy: $groupBy) { key } }'
    const gone = 'query Gone($id: ID!) { product(id: $id) { colour } }'
    const good = 'query Good($id: ID!) { product(id: $id) { name } }'
    const all = await check(...node(), '--manifest', await manifestOf(chain, gone, good), '--budget', '0.0001')
    expect(all.code).toBe(1)
    expect(all.stdout).toContain('PROBLEM Chain cannot be answered offline: stockReport: OUT_OF_SCOPE')
    expect(all.stdout).toMatch(/PROBLEM Gone cannot be answered offline: .*Cannot query field "colour"/)
    expect(all.stdout).toMatch(/PROBLEM Good took .* more than the budget of 0.0001 ms/)
  })

  test('names a table that is gone through from end to end, and what the store has nothing to try with', async () => {
    const readings = 'query Readings($id: ID!, $metric: String!, $from: DateTime!, $to: DateTime!) { device(id: $id) { readings(metric: $metric, from: $from, to: $to) { at } } }'
    const stores = 'query Stores { stores(first: 5) { nodes { name } } }'
    const { code, stdout } = await check(...node(), '--large-table', '5', '--manifest', await manifestOf(readings, stores))
    expect(code).toBe(0)
    expect(stdout).toMatch(/SCAN goes through all of store \(\d+ rows\)/)
    const bare = join(folder, 'bare')
    await cp(join(folder, 'node'), bare, { recursive: true })
    const { DatabaseSync } = await import('node:sqlite')
    using connection = new DatabaseSync(join(bare, 'replica.db'))
    connection.exec('delete from device; delete from reading')
    const unproven = await check('--store', storeId, '--data', bare, '--manifest', await manifestOf(readings))
    expect(unproven).toMatchObject({ code: 0, stdout: expect.stringContaining('the copy has nothing to try $id, $metric with') })
  })

  test('refuses another store\'s directory, a directory without a copy, and an origin that is not there', async () => {
    const { stderr, code } = await check('--store', 'elsewhere', '--data', join(folder, 'node'))
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/holds .* not store elsewhere/) })
    expect(() => openCopy(folder, storeId)).toThrow('There is no replica.db')
    await expect(pullCopy('http://127.0.0.1:9', storeId, 2_000, () => {})).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', message: expect.stringMatching(/within 2 seconds: Origin at .* ECONNREFUSED/) })
    // What waiting does not mend is told at once.
    const never = 2 ** 31
    await expect(pullCopy(origin.url, 'elsewhere', never, () => {})).rejects.toMatchObject({ code: 'STORE_UNKNOWN', message: 'There is no store elsewhere.' })
    for (const [name, text] of [['text', 'not a database, though long enough to look like one'.repeat(20)], ['empty', '']] as const) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'replica.db'), text)
      expect(() => openCopy(join(folder, name), storeId)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('cannot be read as a node\'s copy') }))
    }
    const good = await manifestOf('query Good($id: ID!) { product(id: $id) { name } }')
    expect(await check(...node(), '--manifest', good, '--json', join(folder, 'no', 'such.json'))).toMatchObject({ code: 1, stderr: expect.stringMatching(/^The report cannot be written to .*ENOENT/) })
  })
})
