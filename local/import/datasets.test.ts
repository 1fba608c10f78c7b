import { existsSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { testDatabase } from '../testing/postgres.ts'
import { csvFolder } from './folder.ts'
import { importData } from './import.ts'

const data = new URL('../../../shared/data/', import.meta.url).pathname

function withData(folder: string): typeof test | typeof test.skip {
  return existsSync(`${data}${folder}`) ? test : test.skip
}

/** Longest a load may take here, in milliseconds; tests of other folders share the machine. */
const longest = 60_000

describe('real data', () => {
  withData('gifts')('gifts loads whole and fast, twice, the second time without a change (skipped without ../shared/data/gifts)', async () => {
    await using database = await testDatabase()
    await using storage = openPostgres(database.url, { connections: 1 })
    const first = await importData(await csvFolder(`${data}gifts`), storage, { strict: true })
    expect(first.files.map((file) => [file.file, file.read, file.changed, file.rejected])).toEqual([
      ['products.csv', 3798, 3798, 0], ['stores.csv', 24, 24, 0], ['orders.csv.gz', 16_206, 16_206, 0], ['order_lines.csv.gz', 416_056, 416_056, 0],
      ['stock.csv.gz', 60_944, 60_944, 0], ['stock_movements.csv.gz', 71_621, 71_621, 0], ['devices.csv', 384, 384, 0],
    ])
    expect(first.ms).toBeLessThan(longest)
    await storage.pool.query('truncate outbox')
    const second = await importData(await csvFolder(`${data}gifts`), storage)
    expect(second.files.map((file) => [file.unchanged, file.read])).toEqual(first.files.map((file) => [file.read, file.read]))
    expect((await storage.pool.query('select 1 from outbox limit 1')).rowCount).toBe(0)
    const levels = await storage.pool.query<{ pieces: number; lines: number; revenue: number }>(
      'select (select sum(on_hand)::bigint from stock) as pieces, count(*)::bigint as lines, sum(quantity * unit_price_minor)::bigint as revenue from sale_line')
    expect(levels.rows[0]).toEqual({ pieces: 1_419_751, lines: 416_056, revenue: 818_059_757 })
  }, 180_000)

  withData('electronics')('electronics loads whole, with categories and attributes (skipped without ../shared/data/electronics)', async () => {
    await using database = await testDatabase()
    await using storage = openPostgres(database.url, { connections: 1 })
    const report = await importData(await csvFolder(`${data}electronics`), storage, { strict: true })
    expect(report.files.map((file) => [file.read, file.changed, file.rejected])).toEqual([[19_406, 19_406, 0]])
    expect(report.ms).toBeLessThan(longest)
    const counts = await storage.pool.query<{ brands: number; orphans: number; attributes: number }>(`
      select count(distinct brand)::integer as brands,
        count(*) filter (where category_id is not null and not exists (select 1 from category c where c.id = category_id))::integer as orphans,
        count(*) filter (where json_array_length(attributes::json) > 0)::integer as attributes
      from product`)
    expect(counts.rows[0]).toEqual({ brands: 161, orphans: 0, attributes: 19_406 })
  }, 180_000)
})
