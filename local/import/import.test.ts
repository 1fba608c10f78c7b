import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { openPostgres, type PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { testDatabase, type TestDatabase } from '../testing/postgres.ts'
import { csvFolder } from './folder.ts'
import { importData, type ImportOptions } from './import.ts'
import { describeReject, type ImportReport } from './report.ts'

let database: TestDatabase
let storage: PostgresStorage
let folder: string

beforeAll(async () => {
  database = await testDatabase()
  storage = openPostgres(database.url, { connections: 2 })
})

afterAll(async () => {
  await storage[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const tables = ['category', 'product', 'list_price', 'store', 'sale', 'sale_line', 'stock', 'movement', 'device', 'reading', 'outbox']

beforeEach(async () => {
  await storage.pool.query(`truncate ${tables.join(', ')}`)
  folder = await mkdtemp(join(tmpdir(), 'aisle-import-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const good = {
  'products.csv': 'id,name,category,list_price,currency,attributes\nP1,Tea,Food > Hot drinks,2.50,EUR,"{""size"": ""80 bags""}"\nP2,Milk,Food,1.09,EUR,\nP3,Gift,,,,\n',
  'stores.csv': 'id,name,address,city,country,latitude,longitude,timezone\nS1,Centre,1 High St,Ghent,BE,51.05,3.72,Europe/Brussels\nS2,North,,,,,,Europe/Paris\n',
  'orders.csv': 'id,store_id,customer_id,ordered_at\nO1,S1,C1,2026-01-02T10:00:00Z\nO2,,,2026-01-02T11:00:00Z\n',
  'order_lines.csv': 'order_id,product_id,quantity,unit_price,currency\nO1,P1,2,2.50,EUR\nO2,P2,1,1.09,EUR\nO1,P2,1,1.09,EUR\n',
  'stock.csv': 'store_id,product_id,on_hand,reorder_point,order_up_to,as_of\nS1,P1,5,2,9,2026-01-03T00:00:00Z\nS1,P2,-1,,,2026-01-03T00:00:00Z\n',
  'stock_movements.csv':
    'store_id,product_id,kind,quantity,on_hand_after,occurred_at\nS1,P1,SALE,-2,5,2026-01-02T00:00:00Z\nS1,P1,SALE,-2,3,2026-01-02T00:00:00Z\nS1,P1,COUNT,5,5,2026-01-02T00:00:00Z\n',
  'devices.csv': 'id,store_id,kind,firmware,series\nD1,S1,fridge_sensor,fw-1,x\nD2,S2,toaster,,y\n',
  'readings.csv': 'device_id,metric,at,value\nD1,temperature,2026-01-02T00:00:00Z,-18.5\nD1,temperature,2026-02-02T00:00:00Z,-18\n',
}

async function write(files: Record<string, string | Buffer>): Promise<void> {
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content)
}

async function load(options: ImportOptions = {}): Promise<ImportReport> {
  const report = await importData(await csvFolder(folder), storage, options)
  for (const file of report.files) {
    expect(file.read).toBe(file.loaded + file.rejected)
    expect(file.loaded).toBe(file.changed + file.unchanged)
  }
  expect(report.rejected).toBe(report.files.reduce((sum, file) => sum + file.rejected, 0))
  return report
}

async function rowsOf(table: string, columns: string, order = '1'): Promise<unknown[][]> {
  return (await storage.pool.query<unknown[]>({ text: `select ${columns} from ${table} order by ${order}`, rowMode: 'array' })).rows
}

describe('good rows', () => {
  test('arrive in every table as the format says', async () => {
    await write(good)
    const report = await load({ strict: true, now: 1000 })
    expect(report.files.map((file) => [file.file, file.read, file.changed])).toEqual([
      ['products.csv', 3, 3], ['stores.csv', 2, 2], ['orders.csv', 2, 2], ['order_lines.csv', 3, 3],
      ['stock.csv', 2, 2], ['stock_movements.csv', 3, 3], ['devices.csv', 2, 2], ['readings.csv', 2, 2],
    ])
    expect(await rowsOf('category', 'id, parent_id, name, path')).toEqual([
      ['food', null, 'Food', '["Food"]'], ['food/hot-drinks', 'food', 'Hot drinks', '["Food","Hot drinks"]'],
    ])
    expect(await rowsOf('product', 'id, name, category_id, attributes')).toEqual([
      ['P1', 'Tea', 'food/hot-drinks', '[["size","80 bags"]]'], ['P2', 'Milk', 'food', '[]'], ['P3', 'Gift', null, '[]'],
    ])
    expect(await rowsOf('list_price', 'product_id, amount_minor, currency, updated_at')).toEqual([['P1', 250, 'EUR', 1000], ['P2', 109, 'EUR', 1000]])
    expect(await rowsOf('store', 'id, street, latitude, timezone')).toEqual([['S1', '1 High St', 51.05, 'Europe/Brussels'], ['S2', null, null, 'Europe/Paris']])
    expect(await rowsOf('sale', 'id, store_id, customer_id, ordered_at')).toEqual([['O1', 'S1', 'C1', Date.UTC(2026, 0, 2, 10)], ['O2', null, null, Date.UTC(2026, 0, 2, 11)]])
    expect(await rowsOf('sale_line', 'sale_id, line, product_id, quantity, unit_price_minor', '1, 2')).toEqual([['O1', 1, 'P1', 2, 250], ['O1', 2, 'P2', 1, 109], ['O2', 1, 'P2', 1, 109]])
    expect(await rowsOf('stock', 'product_id, on_hand, reorder_point, updated_at')).toEqual([['P1', 5, 2, Date.UTC(2026, 0, 3)], ['P2', -1, null, Date.UTC(2026, 0, 3)]])
    expect(await rowsOf('movement', 'kind, quantity, counted, on_hand_after, recorded_at', 'occurred_at, id')).toEqual([
      ['SALE', -2, null, 5, Date.UTC(2026, 0, 2)], ['SALE', -2, null, 3, Date.UTC(2026, 0, 2)], ['COUNT', null, 5, 5, Date.UTC(2026, 0, 2)],
    ])
    expect(await rowsOf('device', 'id, kind, status')).toEqual([['D1', 'FREEZER', 'UNKNOWN'], ['D2', 'OTHER', 'UNKNOWN']])
    expect(await rowsOf('reading', 'device_id, store_id, value', 'at')).toEqual([['D1', 'S1', -18.5], ['D1', 'S1', -18]])
    expect(report.files.find((file) => file.file === 'devices.csv')?.remarks).toEqual([{ text: 'devices of the kind "toaster": kept as OTHER', rows: 1 }])
  })

  test('change nothing the second time: no row version, nothing for the log', async () => {
    await write(good)
    await load()
    const versions = async (): Promise<unknown[][]> => {
      const all: unknown[][] = []
      for (const table of tables.filter((name) => name !== 'outbox')) all.push(...(await rowsOf(table, `'${table}', ctid::text, xmin::text`, '2')))
      return all
    }
    const before = await versions()
    await storage.pool.query('truncate outbox')
    const report = await load()
    expect(report.files.map((file) => [file.changed, file.rejected])).toEqual(report.files.map(() => [0, 0]))
    expect(await rowsOf('outbox', 'count(*)')).toEqual([[0]])
    expect(await versions()).toEqual(before)
  })

  test('update what changed, and only that', async () => {
    await write(good)
    await load()
    await storage.pool.query('truncate outbox')
    await write({
      'products.csv': good['products.csv'].replace('2.50', '2.75'),
      'order_lines.csv': 'order_id,product_id,quantity,unit_price,currency\nO1,P2,4,1.09,EUR\n',
      'stock.csv': good['stock.csv'].replace('S1,P1,5,2,9,2026-01-03', 'S1,P1,7,2,9,2026-01-02'),
    })
    const report = await load()
    expect(report.files.filter((file) => file.changed > 0).map((file) => [file.file, file.changed])).toEqual([['products.csv', 1], ['order_lines.csv', 1]])
    expect(await rowsOf('outbox', 'entity')).toEqual([['list_price']])
    expect(await rowsOf('sale_line', 'sale_id, line, quantity', '1, 2')).toEqual([['O1', 1, 4], ['O2', 1, 1]])
    expect(await rowsOf('stock', 'on_hand')).toEqual([[-1], [5]])
    expect(report.files.flatMap((file) => file.remarks.map((remark) => [file.file, remark.rows]))).toEqual([['order_lines.csv', 1], ['stock.csv', 1], ['devices.csv', 1]])
  })

  test('are found under a byte order mark, gzip, other column orders, further columns and CRLF', async () => {
    const products = '\uFEFFlist_price,currency,shelf,name,id\r\n"2.50",EUR,"A, 3","Te""a\r\nbags",P1\r\n'
    await write({ 'products.csv.gz': gzipSync(products), 'stores.csv': good['stores.csv'], 'notes.csv': 'not,of,the,format\n' })
    const report = await load({ strict: true })
    expect(report.files.map((file) => file.file)).toEqual(['products.csv.gz', 'stores.csv'])
    expect(await rowsOf('product', 'id, name')).toEqual([['P1', 'Te"a\r\nbags']])
  })
})

const bad: Record<string, readonly [row: string, column: string | null, reason: string][]> = {
  'products.csv': [
    [',No id,,,,', 'id', 'is empty'],
    ['B1,,,,,', 'name', 'is empty'],
    ['B2,X,Food >  > Y,,,', 'category', 'level 2 has no name'],
    ['B3,X,,1.234,EUR,', 'list_price', '1.234 has more decimals than EUR has (2)'],
    ['B4,X,,cheap,EUR,', 'list_price', '"cheap" is not a decimal number such as 12.50'],
    ['B5,X,,1.00,,', 'currency', 'is empty'],
    ['B6,X,,1.00,EURO,', 'currency', '"EURO" is not an ISO 4217 currency such as EUR'],
    ['B7,X,,,,{', 'attributes', 'is not JSON'],
    ['B8,X,,,,[]', 'attributes', 'is not a JSON object'],
    ['B9,X', null, 'has 2 values where the header has 6 columns'],
    ['B10,"X"Y,,,,', null, 'a quoted value goes on behind its closing quote'],
    ['P1,Tea again,,,,', 'id', 'repeats line 2'],
  ],
  'stores.csv': [
    ['T1,X,,,,91,0,Europe/Paris', 'latitude', '91 is not between -90 and 90'],
    ['T2,X,,,,50,,Europe/Paris', 'longitude', 'is empty where the latitude is not'],
    ['T3,X,,,,,,Mars/Olympus', 'timezone', '"Mars/Olympus" is not an IANA time zone such as Europe/Paris'],
  ],
  'orders.csv': [
    ['Q1,S9,,2026-01-02T10:00:00Z', 'store_id', 'no store "S9" is known'],
    ['Q2,S1,,yesterday', 'ordered_at', '"yesterday" is not a time in UTC such as 2026-03-01T09:30:00Z'],
  ],
  'order_lines.csv': [
    ['O9,P1,1,1.00,EUR', 'order_id', 'no order "O9" is known'],
    ['O1,P9,1,1.00,EUR', 'product_id', 'no product "P9" is known'],
    ['Q1,P1,1,1.00,EUR', 'order_id', 'no order "Q1" is known'],
    ['O1,P1,0,1.00,EUR', 'quantity', '0 is less than 1'],
    ['O1,P1,-2,1.00,EUR', 'quantity', '-2 is less than 1'],
    ['O1,P1,1.5,1.00,EUR', 'quantity', '"1.5" is not a whole number'],
    ['O1,P1,1,-1.00,EUR', 'unit_price', '-1.00 is less than 0'],
  ],
  'stock.csv': [
    ['S9,P1,1,,,2026-01-03T00:00:00Z', 'store_id', 'no store "S9" is known'],
    ['S2,P9,1,,,2026-01-03T00:00:00Z', 'product_id', 'no product "P9" is known'],
    ['S1,P1,1,,,2026-01-03T00:00:00Z', 'store_id, product_id', 'repeats line 2'],
    ['S2,P1,3000000000,,,2026-01-03T00:00:00Z', 'on_hand', '3000000000 is more than 2147483647'],
    ['S2,P1,1,-1,,2026-01-03T00:00:00Z', 'reorder_point', '-1 is less than 0'],
    ['S2,P1,1,,,', 'as_of', 'is empty'],
  ],
  'stock_movements.csv': [
    ['S1,P1,THEFT,-1,1,2026-01-02T00:00:00Z', 'kind', '"THEFT" is not a kind of movement'],
    ['S1,P1,SALE,1,1,2026-01-02T00:00:00Z', 'quantity', '1 has the wrong sign: SALE takes pieces away'],
    ['S1,P1,RECEIPT,0,1,2026-01-02T00:00:00Z', 'quantity', 'is 0: nothing moved'],
    ['S9,P1,SALE,-1,1,2026-01-02T00:00:00Z', 'store_id', 'no store "S9" is known'],
  ],
  'devices.csv': [
    ['E1,S9,pos,,', 'store_id', 'no store "S9" is known'],
    ['E2,S1,,,', 'kind', 'is empty'],
    ['D1,S1,pos,,', 'id', 'repeats line 2'],
  ],
  'readings.csv': [
    ['D9,temperature,2026-01-02T00:00:00Z,1', 'device_id', 'no device "D9" is known'],
    ['D1,temperature,2026-01-02T00:00:00Z,1', 'device_id, metric, at', 'repeats line 2'],
    ['D1,temperature,2026-01-05T00:00:00Z,warm', 'value', '"warm" is not a number'],
  ],
}

describe('bad rows', () => {
  const withBad = Object.fromEntries(Object.entries(good).map(([file, text]) => [file, `${text}${(bad[file] ?? []).map(([row]) => `${row}\n`).join('')}`]))
  const expected = Object.entries(good).flatMap(([file, text]) => (bad[file] ?? []).map(([row, column, reason], at) => ({ file, line: text.split('\n').length + at, column, reason, row })))
  const byPlace = (a: { file: string; line: number }, b: { file: string; line: number }): number => a.file.localeCompare(b.file) || a.line - b.line

  test('are named by file, line, column and reason, and the good rows around them load', async () => {
    await write(withBad)
    const rejects = join(folder, 'rejects.csv')
    const report = await load({ rejects })
    expect(report.rejects.toSorted(byPlace)).toEqual(expected.toSorted(byPlace))
    expect(report.rejected).toBe(expected.length)
    expect(report.files.map((file) => file.loaded)).toEqual([3, 2, 2, 3, 2, 3, 2, 2])
    const lines = (await readFile(rejects, 'utf8')).trimEnd().split('\n')
    expect(lines[0]).toBe('file,line,column,reason,row')
    expect(lines).toHaveLength(expected.length + 1)
    expect(lines).toContain('devices.csv,4,store_id,"no store ""S9"" is known","E1,S9,pos,,"')
  })

  test('loaded without them, the good rows of a second run change nothing', async () => {
    await write(withBad)
    await load()
    await storage.pool.query('truncate outbox')
    const report = await load()
    expect(report.files.map((file) => file.changed)).toEqual(report.files.map(() => 0))
    expect(await rowsOf('outbox', 'count(*)')).toEqual([[0]])
  })

  test.each(expected.map((reject) => [describeReject(reject), reject] as const))('stop a strict import: %s', async (text, reject) => {
    await write({ ...good, [reject.file]: `${good[reject.file as keyof typeof good]}${reject.row}\n` })
    const line = good[reject.file as keyof typeof good].split('\n').length
    await expect(load({ strict: true })).rejects.toMatchObject({
      code: 'IMPORT_REJECTED',
      message: `Nothing was loaded: ${text.replace(`:${reject.line}`, `:${line}`)}`,
      details: { file: reject.file, line, column: reject.column, reason: reject.reason },
    })
    const counts = tables.map((table) => `(select count(*) from ${table})`).join(' + ')
    expect((await storage.pool.query<{ rows: number }>(`select ${counts} as rows`)).rows).toEqual([{ rows: 0 }])
  })

  test('of which the first stops a strict import, whichever check finds it', async () => {
    await write({ ...good, 'stock.csv': `${good['stock.csv']}S9,P1,1,,,2026-01-03T00:00:00Z\nS2,P1,many,,,2026-01-03T00:00:00Z\n` })
    await expect(load({ strict: true })).rejects.toMatchObject({ details: { line: 4, column: 'store_id' } })
  })

  test('behind quoted line breaks keep their line in the file', async () => {
    await write({ 'products.csv': 'id,name,list_price,currency\nP1,"two\nlines",1.00,EUR\nP2,"three\n\nlines",x,EUR\nP3,ok,y,EUR\n' })
    expect((await load()).rejects.map((reject) => [reject.line, reject.row])).toEqual([[4, 'P2,"three\n\nlines",x,EUR'], [7, 'P3,ok,y,EUR']])
  })

  test('that are not UTF-8 are named too', async () => {
    await write({ 'products.csv': Buffer.concat([Buffer.from('id,name\nP1,caf'), Buffer.from([0xe9]), Buffer.from('\nP2,café\n')]) })
    expect((await load()).rejects.map((reject) => describeReject(reject))).toEqual(['products.csv:2 name: is not valid UTF-8'])
  })

  test('are fewer in the next run, and the rejects file says so', async () => {
    const rejects = join(folder, 'rejects.csv')
    await write({ 'products.csv': 'id,name\nP1,\n' })
    await load({ rejects })
    await write({ 'products.csv': 'id,name\nP1,Tea\n' })
    await load({ rejects })
    expect(await readFile(rejects, 'utf8')).toBe('file,line,column,reason,row\n')
  })
})

describe('a source that cannot be read', () => {
  const invalid = (message: RegExp) => ({ code: 'IMPORT_SOURCE_INVALID', message: expect.stringMatching(message) })

  test('is named: no folder, no products, no header, a column missing or twice, both plain and gzip, a broken gzip', async () => {
    await expect(csvFolder(join(folder, 'nowhere'))).rejects.toMatchObject(invalid(/nowhere does not exist/))
    await expect(csvFolder(folder)).rejects.toMatchObject(invalid(/holds no products\.csv/))
    await mkdir(join(folder, 'sub'))
    await write({ 'products.csv': '' })
    await expect(load()).rejects.toMatchObject(invalid(/products\.csv is empty/))
    await write({ 'products.csv': 'id,description\n' })
    await expect(load()).rejects.toMatchObject(invalid(/products\.csv lacks the column name/))
    await write({ 'products.csv': 'id,name,name\n' })
    await expect(load()).rejects.toMatchObject(invalid(/names the column name twice/))
    await write({ 'products.csv': good['products.csv'], 'stock.csv': '', 'stock.csv.gz': '' })
    await expect(load()).rejects.toMatchObject(invalid(/holds both stock\.csv and stock\.csv\.gz/))
    await rm(join(folder, 'stock.csv'))
    await write({ 'stock.csv.gz': gzipSync(good['stock.csv']).subarray(0, 40) })
    await expect(load()).rejects.toMatchObject(invalid(/stock\.csv\.gz cannot be read/))
    expect(await rowsOf('product', 'count(*)')).toEqual([[0]])
  })
})
