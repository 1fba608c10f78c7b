import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { importData } from '../import/import.ts'
import { extraTables, formatTables, type DataSource, type TableName } from '../import/source.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { testDatabase } from '../testing/postgres.ts'
import { kinds } from './catalogue/parse.ts'
import { demoProducts, ean13 } from './catalogue/products.ts'
import { failure, freezerReadings, devicesOf } from './equipment.ts'
import { levelsOf } from './inventory.ts'
import { ordersByDay, type DemoOrder } from './orders.ts'
import { demoSource } from './source.ts'
import { demoStores } from './stores.ts'
import { themes } from './themes.ts'
import { createWorld, dayMs } from './world.ts'

const now = Date.parse('2026-07-15T09:41:00Z')

async function cellsOf(source: DataSource, name: TableName): Promise<string[]> {
  const table = await source.table(name)
  const rows: string[] = []
  if (table !== null) for await (const chunk of table.rows()) rows.push(...chunk.map((row) => JSON.stringify(row.cells)))
  return rows
}

async function fingerprint(source: DataSource): Promise<string> {
  const hash = createHash('sha256')
  for (const name of [...formatTables, ...extraTables]) for (const row of await cellsOf(source, name)) hash.update(row)
  return hash.digest('hex')
}

describe('the same seed', () => {
  test('gives the same chain at any hour of the day, and another seed another', async () => {
    const first = await fingerprint(demoSource({ products: 300, now }))
    expect(await fingerprint(demoSource({ products: 300, now: now + 60 * 60 * 1000 }))).toBe(first)
    expect(await fingerprint(demoSource({ products: 300, now, seed: 'other' }))).not.toBe(first)
  })

  test('gives one more day of orders a day later, and the same before it', async () => {
    const today = new Set(await cellsOf(demoSource({ products: 300, now }), 'orders'))
    const tomorrow = await cellsOf(demoSource({ products: 300, now: now + dayMs }), 'orders')
    const fresh = tomorrow.filter((row) => !today.has(row))
    expect(fresh.length).toBeGreaterThan(0)
    expect(fresh.every((row) => row.includes('-20260715-'))).toBe(true)
  })
})

test('an import takes every row, and finds the demo again as it was', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url, { connections: 1 })
  const first = await importData(demoSource({ now }), storage, { strict: true, now })
  const counts = Object.fromEntries(first.files.map((file) => [file.file, file.read]))
  expect(Object.keys(counts)).toEqual([...formatTables, ...extraTables])
  expect(counts).toMatchObject({ products: 600, stores: 12 })
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0)
  expect(first.files.flatMap((file) => file.remarks)).toEqual([])
  const tree = await storage.pool.query<{ levels: number }>('select json_array_length(path::json) as levels from category group by 1 order by 1')
  expect(tree.rows).toEqual([{ levels: 1 }, { levels: 2 }, { levels: 3 }])
  const shown = await storage.pool.query(`select 1 from device, json_array_elements_text(shows::json) as id where not exists (select 1 from product where product.id = id)`)
  expect(shown.rowCount).toBe(0)

  await storage.pool.query('truncate outbox')
  const second = await importData(demoSource({ now }), storage, { strict: true, now })
  expect(second.files.map((file) => [file.file, file.changed])).toEqual(first.files.map((file) => [file.file, 0]))
  expect((await storage.pool.query('select 1 from outbox')).rowCount).toBe(0)
})

describe('the catalogue', () => {
  test('has 50,000 products with names and bar codes of their own, made in seconds', () => {
    const begin = performance.now()
    const products = demoProducts(50_000, 'aisle')
    expect(performance.now() - begin).toBeLessThan(10_000)
    expect(new Set(products.map((product) => product.name)).size).toBe(50_000)
    expect(new Set(products.map((product) => product.gtin)).size).toBe(50_000)
    expect(products.slice(0, 600)).toEqual(demoProducts(600, 'aisle'))
  })

  test('has check digits that hold (4006381333931 is the standard example), endings of retail, and prices that grow with the size', () => {
    expect(ean13('400638133393')).toBe('4006381333931')
    for (const { gtin, priceMinor, name } of demoProducts(2000, 'aisle')) {
      expect(ean13(gtin.slice(0, 12))).toBe(gtin)
      expect([name, priceMinor % 10]).toEqual([name, 9])
    }
    const milk = demoProducts(50_000, 'aisle').filter((product) => product.kind.name === 'Milk')
    const mean = (size: string): number => average(milk.filter((product) => product.attributes.size === size).map((product) => product.priceMinor))
    expect(mean('2 l')).toBeGreaterThan(mean('1 l'))
    expect(mean('1 l')).toBeGreaterThan(mean('500 ml'))
  })

  test('describes nearly every product in its own words', () => {
    const products = demoProducts(600, 'aisle')
    expect(new Set(products.map((product) => product.description)).size).toBeGreaterThan(590)
    for (const { description } of products) expect(description).not.toMatch(/undefined|NaN| {2}|\.\.|,,/)
  })

  test('knows every theme that its kinds name', () => {
    const named = new Set(kinds.flatMap((kind) => kind.themes))
    expect([...named].filter((name) => name !== 'staples').toSorted()).toEqual(themes.map((theme) => theme.name).toSorted())
    for (const kind of kinds) expect([kind.name, kind.path.length, Number.isInteger(kind.priceMinor), kind.phrase === '']).toEqual([kind.name, 3, true, false])
  })
})

describe('baskets', () => {
  const world = createWorld({ now })
  let orders: DemoOrder[]

  beforeAll(() => {
    orders = [...ordersByDay(world)].flat()
  })

  /** How much more often kinds of two themes meet in a basket than if baskets were drawn blindly. */
  function lift(a: string, b: string): number {
    const has = (order: DemoOrder, kind: string): boolean => order.items.some(({ product }) => product.kind.name === kind)
    const both = orders.filter((order) => has(order, a) && has(order, b)).length
    return (both * orders.length) / (orders.filter((order) => has(order, a)).length * orders.filter((order) => has(order, b)).length)
  }

  test('hold together what belongs together', () => {
    expect(lift('Spaghetti', 'Pesto')).toBeGreaterThan(2)
    expect(lift('Charcoal', 'Bratwurst')).toBeGreaterThan(2)
    expect(lift('Nappies', 'Baby Wipes')).toBeGreaterThan(4)
    expect(lift('Nappies', 'Charcoal')).toBeLessThan(1.5)
  })

  test('follow the season', () => {
    const winter = [...ordersByDay(createWorld({ now: Date.parse('2026-01-20T00:00:00Z') }), 30)].flat()
    const share = (list: readonly DemoOrder[]): number => list.filter((order) => order.items.some(({ product }) => product.kind.name === 'Charcoal')).length / list.length
    expect(share(orders)).toBeGreaterThan(share(winter) * 5)
  })

  test('come from people with habits', () => {
    const regulars = Map.groupBy(orders.filter((order) => order.customerId !== ''), (order) => order.customerId)
    const repeated = [...regulars.values()].filter((list) => list.length >= 8).map((list) => {
      const bought = list.flatMap((order) => order.items.map(({ product }) => product.id))
      return 1 - new Set(bought).size / bought.length
    })
    expect(repeated.length).toBeGreaterThan(100)
    expect(average(repeated)).toBeGreaterThan(0.25)
  })

  test('are filled while the store is open, by its own clock', () => {
    for (const { store, orderedAt } of orders) {
      const parts = new Intl.DateTimeFormat('en-GB', { timeZone: store.timezone, hour: 'numeric', weekday: 'short' }).formatToParts(orderedAt)
      const part = (type: string): string => parts.find((found) => found.type === type)?.value ?? ''
      expect(Number(part('hour'))).toBeGreaterThanOrEqual(8)
      expect(Number(part('hour'))).toBeLessThan(20)
      expect(part('weekday') === 'Sun' && !store.openingHours.includes('Sun')).toBe(false)
    }
    expect(orders.every((order) => order.orderedAt < now)).toBe(true)
  })
})

describe('stores', () => {
  const world = createWorld({ now })

  test('are twelve real places, and the bigger carry and keep more', () => {
    const by = (id: string) => [...levelsOf(world, demoStores.find((store) => store.id === id) ?? fail(id))]
    expect(world.stores.map((store) => store.id)).toHaveLength(12)
    expect(by('hamburg').length).toBeGreaterThan(by('lisbon').length)
    expect(average(by('hamburg').map((level) => level.onHand))).toBeGreaterThan(average(by('lisbon').map((level) => level.onHand)))
    for (const level of by('ghent')) expect(level.onHand).toBeLessThanOrEqual(level.orderUpTo)
  })

  test('have one freezer that fails and recovers, and no other that gets warm', () => {
    for (const store of world.stores) {
      for (const device of devicesOf(world, store).filter(({ kind }) => kind === 'freezer')) {
        const readings = [...freezerReadings(world, device)]
        const hottest = Math.max(...readings.map(({ value }) => value))
        if (device.id === failure.deviceId) {
          expect(hottest).toBeGreaterThan(-10)
          expect(readings.at(-1)?.value).toBeLessThan(-12)
        } else {
          expect([device.id, hottest < -10]).toEqual([device.id, true])
        }
      }
    }
    expect(world.stores.flatMap((store) => devicesOf(world, store).map(({ id }) => id))).toContain(failure.deviceId)
  })
})

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}

function fail(id: string): never {
  throw new Error(`no store ${id}`)
}
