import type { DataSource, SourceRow, SourceTable, TableName } from '../import/source.ts'
import { devicesOf, freezerReadings } from './equipment.ts'
import { lastMovements, levelsOf } from './inventory.ts'
import { ordersByDay } from './orders.ts'
import { createWorld, type DemoOptions, type World } from './world.ts'

type Cells = readonly (string | null)[]

interface Generated {
  readonly columns: readonly string[]
  readonly rows: (world: World) => Iterable<Cells>
}

const currency = 'EUR'
const chunkRows = 1000

/**
 * The demo chain in the shape of the import format: a European grocer with twelve stores, made of nothing but its options, so the
 * same options give the same rows. Only its history ends at the midnight before `now`.
 */
export function demoSource(options: DemoOptions): DataSource {
  const world = createWorld(options)
  return {
    name: `the demo chain (${world.products.length.toLocaleString('en')} products)`,
    table: async (name) => tableOf(name, generated[name], world),
  }
}

function tableOf(file: TableName, { columns, rows }: Generated, world: World): SourceTable {
  return {
    file,
    columns,
    ...(file === 'products' ? { total: world.products.length } : {}),
    async *rows() {
      let chunk: SourceRow[] = []
      let line = 0
      for (const cells of rows(world)) {
        line += 1
        chunk.push({ line, cells })
        if (chunk.length === chunkRows) {
          yield chunk
          chunk = []
        }
      }
      if (chunk.length > 0) yield chunk
    },
  }
}

const generated: Readonly<Record<TableName, Generated>> = {
  products: {
    columns: ['id', 'name', 'description', 'brand', 'category', 'gtin', 'list_price', 'currency', 'attributes', 'image_url'],
    rows: (world) =>
      over(world.products, (product) => [
        product.id, product.name, product.description, product.brand, product.kind.path.join(' > '), product.gtin,
        decimal(product.priceMinor), currency, JSON.stringify(product.attributes), null,
      ]),
  },
  stores: {
    columns: ['id', 'name', 'address', 'city', 'region', 'postcode', 'country', 'latitude', 'longitude', 'timezone', 'opening_hours'],
    rows: (world) =>
      over(world.stores, (store) => [
        store.id, store.name, store.address, store.city, store.region, store.postcode, store.country,
        String(store.latitude), String(store.longitude), store.timezone, store.openingHours,
      ]),
  },
  orders: {
    columns: ['id', 'store_id', 'customer_id', 'ordered_at'],
    *rows(world) {
      for (const orders of ordersByDay(world)) {
        for (const order of orders) yield [order.id, order.store.id, order.customerId === '' ? null : order.customerId, time(order.orderedAt)]
      }
    },
  },
  order_lines: {
    columns: ['order_id', 'product_id', 'quantity', 'unit_price', 'currency'],
    *rows(world) {
      for (const { id, store, items } of flat(ordersByDay(world))) {
        for (const { product, quantity } of items) {
          yield [id, product.id, String(quantity), decimal(world.storePrice(store, product) ?? product.priceMinor), currency]
        }
      }
    },
  },
  stock: {
    columns: ['store_id', 'product_id', 'on_hand', 'reorder_point', 'order_up_to', 'as_of'],
    *rows(world) {
      for (const store of world.stores) {
        for (const level of levelsOf(world, store)) {
          yield [store.id, level.product.id, String(level.onHand), String(level.reorderPoint), String(level.orderUpTo), time(world.midnight)]
        }
      }
    },
  },
  stock_movements: {
    columns: ['store_id', 'product_id', 'kind', 'quantity', 'on_hand_after', 'occurred_at'],
    rows: (world) =>
      over(lastMovements(world), (movement) => [
        movement.store.id, movement.product.id, 'SALE', String(movement.quantity), String(movement.onHandAfter), time(movement.occurredAt),
      ]),
  },
  devices: {
    columns: ['id', 'store_id', 'kind', 'firmware'],
    rows: (world) => over(allDevices(world), (device) => [device.id, device.store.id, device.kind, device.firmware]),
  },
  readings: {
    columns: ['device_id', 'metric', 'at', 'value'],
    *rows(world) {
      for (const device of allDevices(world)) {
        if (device.kind !== 'freezer') continue
        for (const reading of freezerReadings(world, device)) yield [reading.deviceId, reading.metric, time(reading.at), String(reading.value)]
      }
    },
  },
  store_prices: {
    columns: ['store_id', 'product_id', 'price', 'currency'],
    *rows(world) {
      for (const store of world.stores) {
        for (const product of world.products) {
          const price = world.carries(store, product) ? world.storePrice(store, product) : null
          if (price !== null) yield [store.id, product.id, decimal(price), currency]
        }
      }
    },
  },
  device_shows: {
    columns: ['device_id', 'product_ids'],
    *rows(world) {
      for (const device of allDevices(world)) if (device.shows.length > 0) yield [device.id, JSON.stringify(device.shows)]
    },
  },
}

function* over<T>(items: Iterable<T>, cells: (item: T) => Cells): Generator<Cells> {
  for (const item of items) yield cells(item)
}

function* flat<T>(lists: Iterable<readonly T[]>): Generator<T> {
  for (const list of lists) yield* list
}

function* allDevices(world: World) {
  for (const store of world.stores) yield* devicesOf(world, store)
}

function decimal(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
