import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { graphql, subscribe, parse, type ExecutionResult } from 'graphql'
import { device, type DevicePart } from '../../subgraphs/device/index.ts'
import { inventory, type InventoryPart } from '../../subgraphs/inventory/index.ts'
import { loadSubgraphSchema } from '../../subgraphs/serve/schema.ts'
import { developer } from '../../runtime/identity/caller.ts'
import { contextMaker, type RequestEnvironment } from '../../subgraphs/shared/context.ts'
import { MemoryFeed } from './memory-feed.ts'
import { fill, shop } from './shop.ts'
import { sqliteTestStorage, type TestStorage } from './storages.ts'

/** A store's node: SQLite with the chain's rows and those of s1 alone, and readings of late. */
let made: TestStorage
beforeAll(async () => {
  made = await sqliteTestStorage()
  const own = (row: { readonly store_id: string }): boolean => row.store_id === 's1'
  await fill(made.storage, { ...shop, stock: shop.stock.filter(own), store_price: shop.store_price.filter(own), device: shop.device.filter(own) })
})
afterAll(async () => {
  await made[Symbol.asyncDispose]()
})

const unused = (): never => {
  throw new Error('no command was expected')
}

function contextOf() {
  const environment: RequestEnvironment = { storage: made.storage, principal: 'test', caller: developer('test'), holdsStore: (id) => id === 's1', readingsSince: 1_000_000, changes: new MemoryFeed() }
  return contextMaker<RequestEnvironment, { inventory: InventoryPart; device: DevicePart }>({
    inventory: (given) => inventory.createPart(given, { commands: { recordMovement: unused, recordCount: unused, setPrice: unused }, now: unused }),
    device: (given) => device.createPart(given, { commands: { registerDevice: unused, reportReadings: unused, showOnDevice: unused }, now: unused }),
  })(environment)
}

async function answer(name: 'inventory' | 'device', source: string) {
  const schema = await loadSubgraphSchema(name, (name === 'inventory' ? inventory : device).resolvers)
  const result = await graphql({ schema, source, contextValue: contextOf() })
  return { data: JSON.parse(JSON.stringify(result.data ?? null)) as unknown, codes: codesOf(result) }
}

function codesOf({ errors }: ExecutionResult): readonly string[] {
  return (errors ?? []).map(({ path, originalError }) => `${path?.join('.') ?? ''} ${(originalError as { code?: string } | undefined)?.code ?? ''}`)
}

test('what another store holds fails by itself, the rest of the answer stands', async () => {
  const { data, codes } = await answer(
    'inventory',
    `{ _entities(representations: [{ __typename: "Product", id: "p1" }]) { ... on Product { list: price { amount { amount } } own: price(storeId: "s1") { amount { amount } } other: price(storeId: "s2") { amount { amount } } } }
       s1: store(id: "s1") { name stock { totalCount } } s2: store(id: "s2") { name } stores { totalCount } }`,
  )
  expect(codes).toEqual(['_entities.0.other OUT_OF_SCOPE'])
  expect(data).toEqual({
    _entities: [{ list: { amount: { amount: '4.50' } }, own: { amount: { amount: '3.99' } }, other: null }],
    s1: { name: 'Zürich', stock: { totalCount: 4 } },
    s2: { name: 'Bern' },
    stores: { totalCount: 3 },
  })
})

test.each<['inventory' | 'device', string, string]>([
  ['inventory', '{ store(id: "s2") { stock { totalCount } } }', 'store.stock OUT_OF_SCOPE'],
  ['inventory', '{ stockReport(groupBy: STORE) { key } }', 'stockReport OUT_OF_SCOPE'],
  ['inventory', '{ stockReport(groupBy: STORE, storeId: "s2") { key } }', 'stockReport OUT_OF_SCOPE'],
  ['inventory', 'mutation { recordStockCount(input: { operationId: "x", storeId: "s2", productId: "p1", counted: 1 }) { pending } }', 'recordStockCount OUT_OF_SCOPE'],
  ['device', '{ device(id: "d4") { id } }', 'device OUT_OF_SCOPE'],
  ['device', '{ device(id: "d1") { readings(metric: "t", from: "1970-01-01T00:00:00Z", to: "1970-01-02T00:00:00Z") { at } } }', 'device.readings OUT_OF_RETENTION'],
])('%s refuses %s', async (name, source, code) => {
  expect((await answer(name, source)).codes).toEqual([code])
})

test('one store\'s report and its devices are answered', async () => {
  expect(await answer('inventory', '{ stockReport(groupBy: STORE, storeId: "s1") { key levels } }')).toEqual({ data: { stockReport: [{ key: 's1', levels: 4 }] }, codes: [] })
  expect(await answer('device', '{ device(id: "d2") { shows { id } readings(metric: "t", from: "1970-01-01T01:00:00Z", to: "1970-01-02T00:00:00Z", bucket: "PT1H") { at } } }')).toEqual({
    data: { device: { shows: [{ id: 'p2' }, { id: 'p1' }], readings: [] } },
    codes: [],
  })
})

test.each<['inventory' | 'device', string]>([
  ['inventory', 'stockChanged(storeId: "s2") { onHand }'],
  ['inventory', 'priceChanged(storeId: "s2") { updatedAt }'],
  ['device', 'deviceChanged(deviceId: "d4") { id }'],
  ['device', 'readingAlert(storeId: "s2") { at }'],
])('%s refuses to follow %s', async (name, field) => {
  const schema = await loadSubgraphSchema(name, (name === 'inventory' ? inventory : device).resolvers)
  const result = (await subscribe({ schema, document: parse(`subscription { ${field} }`), contextValue: contextOf() })) as ExecutionResult
  expect(codesOf(result)).toEqual([expect.stringContaining('OUT_OF_SCOPE')])
})
