import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { testDatabase, type TestDatabase } from '../../local/testing/postgres.ts'
import { createDeviceCommands } from '../../subgraphs/device/postgres-commands.ts'
import { device } from '../../subgraphs/device/index.ts'
import { inventory } from '../../subgraphs/inventory/index.ts'
import { createInventoryCommands } from '../../subgraphs/inventory/postgres-commands.ts'
import { recommendation } from '../../subgraphs/recommendation/index.ts'
import { createSearchIndex } from '../../subgraphs/search/index/search-index.ts'
import { search } from '../../subgraphs/search/index.ts'
import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { replicaOf } from './catalogue.ts'
import { asking, type Ask } from './execute.ts'
import { fillLarge, large } from './large.ts'
import { explainingStorage, type Explained } from './plans.ts'

/** Tables with a row for each of few things, which Postgres rightly reads as a whole. */
const small = new Set(['category', 'store', 'trending', 'device', 'setting', 'log_fence', 'log_scope'])

const explained: Explained[] = []
let database: TestDatabase
let storage: PostgresStorage
let ask: Record<'search' | 'recommendation' | 'inventory' | 'device', Ask>

beforeAll(async () => {
  database = await testDatabase()
  storage = explainingStorage(database.url, explained)
  await fillLarge(storage)
  const [product, category, list_price] = await Promise.all([
    storage.db.selectFrom('product').selectAll().execute(),
    storage.db.selectFrom('category').selectAll().execute(),
    storage.db.selectFrom('list_price').selectAll().execute(),
  ])
  const replica = replicaOf({ product, category, list_price })
  const index = createSearchIndex(replica)
  const now = (): number => large.now
  ask = {
    search: asking(search, { index: () => index }, storage),
    recommendation: asking(recommendation, {}, storage),
    inventory: asking(inventory, { commands: createInventoryCommands(storage), now }, storage),
    device: asking(device, { commands: createDeviceCommands(storage), now }, storage),
  }
}, 180_000)
afterAll(async () => {
  await storage[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const ids = JSON.stringify(Array.from({ length: 50 }, (_, at) => `p${at * 31 + 1}`))
const representations = (type: string, ...keys: string[]): string => `_entities(representations: [${keys.map((key) => `{ __typename: "${type}", id: "${key}" }`).join(', ')}])`
const products = representations('Product', 'p1', 'p500', 'p777', 'p19000')
const stores = representations('Store', 's1', 's7')

test.each<[subgraph: keyof typeof ask, operation: string, needsAllOf?: readonly string[]]>([
  ['search', `{ products(ids: ${ids}) { id name brand category { id name path } attributes { name value } } }`],
  ['search', '{ search(query: "brand17", storeId: "s3", filter: { inStock: true, maxPrice: "50.00" }) { totalCount nodes { id name } facets { name values { value count } } } }'],
  ['search', '{ search(query: "product", first: 20) { totalCount nodes { id name category { name } } } }'],
  ['search', '{ search(query: "brand17", storeId: "s3", sort: PRICE_ASC) { totalCount nodes { id } } }'],
  ['search', '{ categories { id name products: parent { id } children { id } } }'],
  ['search', '{ suggest(prefix: "bra") { text } }'],
  ['recommendation', `{ ${products} { ... on Product { similar { product { id } score } boughtTogether { product { id } score } } } }`],
  ['recommendation', '{ basketRecommendations(productIds: ["p1", "p2", "p3"], storeId: "s1") { product { id } reason } trending(storeId: "s1") { product { id } } }'],
  ['recommendation', '{ customerRecommendations(customerId: "k17") { product { id } score } }'],
  ['inventory', `{ ${products} { ... on Product { price(storeId: "s1") { amount { amount } } availability(storeId: "s1") { onHand status } nearestAvailability(near: { latitude: 48, longitude: 4 }) { onHand store { id } } } } }`],
  ['inventory', `{ ${stores} { ... on Store { name stock(first: 50) { totalCount nodes { onHand product { id } } pageInfo { endCursor } } } } }`],
  ['inventory', '{ store(id: "s1") { stock(filter: { statuses: [LOW_STOCK, OUT_OF_STOCK] }, first: 20) { nodes { onHand } } movements(first: 50) { nodes { id quantity } } } }'],
  ['inventory', '{ store(id: "s1") { movements(productId: "p41", first: 50) { nodes { id quantity } } } stores(near: { latitude: 48, longitude: 4 }) { nodes { id } } }'],
  // What a store carries is most of the catalogue, so that a report over it rightly reads the catalogue as a whole; never all stores' stock.
  ['inventory', '{ stockReport(storeId: "s1", groupBy: CATEGORY) { key onHand } }', ['product', 'list_price']],
  ['inventory', 'mutation { recordStockMovement(input: { operationId: "m", storeId: "s1", productId: "p41", kind: SALE, quantity: -1 }) { availability { onHand } userErrors { code } } }'],
  ['inventory', 'mutation { recordStockCount(input: { operationId: "c", storeId: "s1", productId: "p41", counted: 9 }) { availability { onHand } userErrors { code } } }'],
  ['inventory', 'mutation { setPrice(input: { operationId: "p", storeId: "s1", productId: "p41", amount: "3.50", currencyCode: "EUR" }) { userErrors { code } } }'],
  ['device', '{ device(id: "d3") { status store { id } shows { id } readings(metric: "temperature", from: "2026-06-14T00:00:00Z", to: "2026-06-15T00:00:00Z", bucket: "PT1H") { at mean } } }'],
  ['device', `{ ${stores} { ... on Store { devices(kind: FREEZER, first: 20) { nodes { id kind status } } } } }`],
  ['device', 'mutation { reportReadings(input: { operationId: "r", deviceId: "d3", readings: [{ metric: "temperature", at: "2026-06-14T23:59:00Z", value: -17 }] }) { userErrors { code } } }'],
  ['device', 'mutation { showOnDevice(input: { operationId: "w", deviceId: "d4", productIds: ["p5"] }) { userErrors { code } } }'],
])('no big table is read from end to end: %s %s', async (subgraph, operation, needsAllOf = []) => {
  const before = explained.length
  const { codes } = await ask[subgraph](operation)
  expect(codes).toEqual([])
  const statements = explained.slice(before)
  const bad = statements.flatMap(({ statement, scanned }) => scanned.filter((table) => !small.has(table) && !needsAllOf.includes(table)).map((table) => ({ table, statement })))
  expect(bad).toEqual([])
  if (!operation.includes('suggest')) expect(statements.length).toBeGreaterThan(0)
})
