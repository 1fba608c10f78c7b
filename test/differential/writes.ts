import { randomUUID } from 'node:crypto'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { ask, operationIds } from '../environment/client.ts'
import type { Stack } from '../environment/stack.ts'
import type { Pool } from './pool.ts'
import type { Random } from './random.ts'

type Write = () => Promise<unknown>

/** Texts and numbers that a copy may spoil. */
const texts = ['Käse & Brot', '冷凍ピザ 🍕', 'He said "no"', "l'Étoile  \u2028 next", 'tab\tand\nline', '<b>bold</b>', ' spaced ', '1e3', 'null']
const numbers = [-0.5, 1e-7, 0.1 + 0.2, 1e21, -18.25, 123_456_789.125, 5e-324, 0]

/** Changes what every kind of operation reads: through the gateway, through the node, and straight in Postgres. */
export async function writeSomething(stack: Stack, storage: PostgresStorage, pool: Pool, random: Random): Promise<void> {
  const operations = await operationIds()
  const send = (url: string, name: string, input: Readonly<Record<string, unknown>>): Promise<unknown> => settled(url, operations.get(name)?.id ?? name, { operationId: randomUUID(), ...input })
  const { storeId } = pool
  const { gateway, edge } = stack
  const productId = (): string => random.pick(random.chance(0.6) ? pool.favourites : pool.products)
  const either = (): string => (random.chance(0.5) ? gateway : edge).url

  const kinds: (() => Write)[] = [
    () => {
      const quantity = random.pick([-3, -1, 4])
      const input = { storeId, productId: productId(), kind: quantity < 0 ? 'SALE' : 'RECEIPT', quantity }
      const url = either()
      return () => send(url, 'RecordMovement', input)
    },
    () => {
      const input = { storeId, productId: productId(), counted: random.integer(0, 60) }
      const url = either()
      return () => send(url, 'RecordCount', input)
    },
    () => {
      const input = { storeId: random.pick([storeId, storeId, storeId, null, random.pick(pool.otherStores)]), productId: productId(), amount: random.pick(['0', '3.10', '12.99']), currencyCode: random.pick(['EUR', 'EUR', 'GBP']) }
      return () => send(gateway.url, 'SetPrice', input)
    },
    () => {
      const readings = Array.from({ length: 5 }, (_, index) => ({ metric: random.pick([...pool.metrics, 'new']), at: new Date(pool.midnight - 7_200_000 + random.integer(0, 6_000) * 1000 + index).toISOString(), value: random.pick(numbers) }))
      const input = { deviceId: random.pick(pool.freezers), readings }
      const url = either()
      return () => send(url, 'ReportReadings', input)
    },
    () => {
      const input = { deviceId: random.chance(0.4) ? `new-${random.integer(1, 3)}` : random.pick(random.chance(0.5) ? pool.otherFreezers : [...pool.devices, ...pool.otherDevices]), storeId: random.chance(0.7) ? storeId : random.pick(pool.otherStores), kind: random.pick(['DISPLAY', 'SENSOR']), firmware: random.pick(texts) }
      return () => send(gateway.url, 'RegisterDevice', input)
    },
    () => {
      const input = { deviceId: random.pick(pool.displays), productIds: random.some(pool.products, 4) }
      return () => send(gateway.url, 'ShowOnDevice', input)
    },
    // The node may still know what the cloud does not any more: then the cloud refuses what the node took.
    () => {
      const input = { storeId, productId: random.pick(pool.products), kind: 'SALE', quantity: -2 }
      return async () => {
        await storage.db.deleteFrom('product').where('id', '=', input.productId).execute()
        await send(edge.url, 'RecordMovement', input)
      }
    },
    () => directly(storage, pool, random),
    () => directly(storage, pool, random),
    () => directly(storage, pool, random),
  ]
  const writes = [...kinds.map((make) => make()), ...Array.from({ length: 16 }, () => random.pick(kinds)())]
  // Several at once, as in life, yet what they do is decided above.
  await Promise.all(writes.map((write) => write()))
}

async function settled(url: string, documentId: string, input: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await ask(url, { documentId, variables: { input } })
  // Another write may just have taken the product away: then this one is refused, or its answer names what is gone.
  if (answer.status !== 200 || answer.errors.some(({ extensions }) => extensions?.code !== 'UNEXPECTED_NULL')) throw new Error(`a write failed: ${JSON.stringify({ input, errors: answer.errors })}`)
}

/** What an import or an administrator does, past the graph. */
function directly({ db }: PostgresStorage, pool: Pool, random: Random): Write {
  const id = random.pick(random.chance(0.4) ? pool.favourites : pool.products)
  const storeId = pool.storeId
  const text = random.pick(texts)
  const categoryId = random.chance(0.2) ? null : random.pick(pool.categories)
  const category = random.pick(pool.categories)
  const currency = random.pick(['EUR', 'JPY', 'KWD'])
  const amount = random.pick([0, 1, 1_999, 123_456])
  const attributes = JSON.stringify([['colour', text], ['size', '3'], ['colour', 'red']])
  return random.pick<Write>([
    () => db.updateTable('product').set({ name: text, brand: random.chance(0.3) ? null : text }).where('id', '=', id).execute(),
    () => db.updateTable('product').set({ category_id: categoryId }).where('id', '=', id).execute(),
    () => db.updateTable('product').set({ attributes, description: text, gtin: '4006381333931', image_url: 'https://example.org/p.png' }).where('id', '=', id).execute(),
    () => db.insertInto('product').values({ id: `${text.trim()}-${id}`, name: text, description: null, brand: text, category_id: categoryId, gtin: null, attributes, image_url: null }).onConflict((conflict) => conflict.doNothing()).execute(),
    () => db.deleteFrom('product').where('id', '=', id).execute(),
    // Perhaps one that was deleted.
    () => db.insertInto('product').values({ id, name: text, description: text, brand: null, category_id: category, gtin: null, attributes: '[]', image_url: null }).onConflict((conflict) => conflict.doNothing()).execute(),
    () => db.deleteFrom('category').where('id', '=', category).execute(),
    () => db.insertInto('category').values({ id: category, parent_id: categoryId, name: text, path: JSON.stringify([text]) }).onConflict((conflict) => conflict.column('id').doUpdateSet({ parent_id: categoryId })).execute(),
    () => db.updateTable('category').set({ name: text, path: JSON.stringify([text]) }).where('id', '=', random.pick(pool.categories)).execute(),
    () => db.updateTable('category').set({ parent_id: categoryId }).where('id', '=', pool.categories[0] ?? '').execute(),
    () => db.updateTable('store').set({ name: text, latitude: 0.1 + 0.2, longitude: -1e-7, opening_hours: text, street: null }).where('id', '=', random.pick([storeId, ...pool.otherStores])).execute(),
    () => db.updateTable('store').set({ latitude: null }).where('id', '=', random.pick(pool.otherStores)).execute(),
    () => db.updateTable('stock').set({ reorder_point: random.pick([null, 0, 5, 50]) }).where('store_id', '=', storeId).where('product_id', '<', id).execute(),
    () => db.deleteFrom('stock').where('store_id', '=', storeId).where('product_id', '=', id).execute(),
    () => db.deleteFrom('store_price').where('store_id', '=', storeId).where('product_id', '<', id).execute(),
    () => db.deleteFrom('list_price').where('product_id', '=', id).execute(),
    () => db.insertInto('list_price').values({ product_id: id, amount_minor: amount, currency, updated_at: pool.midnight }).onConflict((conflict) => conflict.column('product_id').doUpdateSet({ amount_minor: amount, currency })).execute(),
    () => db.updateTable('store_price').set({ amount_minor: amount, currency }).where('store_id', '=', storeId).where('product_id', '=', id).execute(),
    () => db.updateTable('store').set({ timezone: random.pick(['Asia/Tokyo', 'Europe/Brussels']), country: null }).where('id', '=', storeId).execute(),
    () => db.updateTable('list_price').set({ amount_minor: 9_007_199_254_740_991 }).where('product_id', '=', id).execute(),
    () => db.deleteFrom('neighbours').where('product_id', '=', id).execute(),
    () => db.updateTable('trending').set({ items: JSON.stringify([[id, 0.1 + 0.2], ['gone', 0.2], [pool.products[0], 1e-7]]) }).where('store_id', 'in', ['', storeId]).execute(),
    () => db.updateTable('device').set({ status: 'OFFLINE', last_seen_at: pool.midnight, firmware: null, shows: JSON.stringify([id, 'gone']) }).where('id', '=', random.pick(pool.devices)).execute(),
  ])
}
