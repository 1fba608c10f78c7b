import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { serveForTest, until, type ServedSubgraph } from '../../test/conformance/served.ts'
import { openSubgraph } from '../serve/open.ts'
import { chainScope, storeScope } from '../storage/entities.ts'
import { inventory } from './index.ts'
import { createInventoryCommands } from './postgres-commands.ts'

const now = Date.parse('2026-03-01T09:30:00.000Z')
let served: ServedSubgraph

beforeAll(async () => {
  served = await serveForTest((storage) => openSubgraph(inventory, { commands: createInventoryCommands(storage), now: () => now }))
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
})

const products = (...ids: readonly string[]) => ids.map((id) => ({ __typename: 'Product', id }))

describe('queries', () => {
  test('a product shows price and availability in a store', async () => {
    const answer = await served.ask(
      `query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Product {
        price(storeId: "s1") { amount { amount currencyCode } listAmount { amount } store { name } product { id } updatedAt }
        availability(storeId: "s1") { onHand status reorderPoint updatedAt store { id address { street city } position { latitude } openingHours } }
      } } }`,
      { refs: products('p1', 'p3', 'p4') },
    )
    expect(answer).toEqual({
      status: 200,
      data: {
        _entities: [
          {
            price: { amount: { amount: '3.99', currencyCode: 'GBP' }, listAmount: { amount: '4.50' }, store: { name: 'Zürich' }, product: { id: 'p1' }, updatedAt: '1970-01-01T00:00:02.000Z' },
            availability: {
              onHand: 10, status: 'IN_STOCK', reorderPoint: 5, updatedAt: '1970-01-01T00:00:05.000Z',
              store: { id: 's1', address: { street: 'Bahnhofstrasse 1', city: 'Zürich' }, position: { latitude: 47.3769 }, openingHours: 'Mo-Sa 9-20' },
            },
          },
          {
            price: { amount: { amount: '3000', currencyCode: 'JPY' }, listAmount: null, store: null, product: { id: 'p3' }, updatedAt: '1970-01-01T00:00:01.000Z' },
            availability: expect.objectContaining({ onHand: 0, status: 'OUT_OF_STOCK', reorderPoint: null }),
          },
          { price: null, availability: expect.objectContaining({ onHand: -2, status: 'OUT_OF_STOCK' }) },
        ],
      },
    })
  })

  test('the number of statements does not grow with the number of products', async () => {
    const query = `query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Product {
      price(storeId: "s1") { amount { amount } listAmount { amount } store { name } } availability(storeId: "s1") { onHand store { name } }
      nearestAvailability(near: { latitude: 47, longitude: 8 }) { onHand product { id } }
    } } }`
    const counts: number[] = []
    for (const size of [1, 10, 50]) {
      const ids = Array.from({ length: size }, (_, index) => (index < 4 ? `p${index + 1}` : `none${index}`))
      const before = served.statements()
      const answer = await served.ask(query, { refs: products(...ids) })
      expect(answer.errors).toBeUndefined()
      counts.push(served.statements() - before)
    }
    // Prices, levels, the store of both, all stores, and what they stock.
    expect(counts).toEqual([5, 5, 5])
  })

  test('stores with their stock, in as many statements for all as for one', async () => {
    const query = `query ($first: Int!) { stores(first: $first) { totalCount nodes { name stock(first: 2) { totalCount nodes { product { id } } pageInfo { hasNextPage } } movements(first: 3) { nodes { kind } } } } }`
    const before = served.statements()
    const one = await served.ask(query, { first: 1 })
    const forOne = served.statements() - before
    const all = await served.ask(query, { first: 10 })
    expect(served.statements() - before - forOne).toBe(forOne)
    expect(one.data).toMatchObject({ stores: { totalCount: 3, nodes: [{ name: 'Bern', stock: { totalCount: 2 } }] } })
    expect(all.data).toMatchObject({
      stores: {
        nodes: [
          { name: 'Bern', stock: { totalCount: 2, nodes: [{ product: { id: 'p1' } }, { product: { id: 'p4' } }], pageInfo: { hasNextPage: false } } },
          { name: 'Zürich', stock: { totalCount: 4, nodes: [{ product: { id: 'p1' } }, { product: { id: 'p2' } }], pageInfo: { hasNextPage: true } } },
          { name: 'avenue', stock: { totalCount: 1 } },
        ],
      },
    })
  })

  test('stock pages on under a filter', async () => {
    const query = `query ($after: String) { store(id: "s1") { stock(first: 1, after: $after, filter: { statuses: [OUT_OF_STOCK, LOW_STOCK] }) { totalCount edges { cursor node { product { id } status } } pageInfo { hasNextPage endCursor } } } }`
    const seen: string[] = []
    for (let after: string | null = null, more = true; more; ) {
      const { data } = await served.ask(query, { after })
      const { stock } = (data as { store: { stock: { totalCount: number; edges: { node: { product: { id: string } } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } }).store
      expect(stock.totalCount).toBe(3)
      seen.push(...stock.edges.map((edge) => edge.node.product.id))
      after = stock.pageInfo.endCursor
      more = stock.pageInfo.hasNextPage
    }
    expect(seen).toEqual(['p2', 'p3', 'p4'])
  })

  test('faults carry the codes of the table and leave the rest of the answer alone', async () => {
    const answer = await served.ask(
      `query ($refs: [_Any!]!) { store(id: "nowhere") { id } _entities(representations: $refs) { ... on Product { price(storeId: "nowhere") { updatedAt } } } bad: stores(first: 1000) { totalCount } }`,
      { refs: products('p1') },
    )
    expect(answer.errors?.map(({ path, extensions }) => [path?.join('.'), extensions?.code])).toEqual(
      expect.arrayContaining([['_entities.0.price', 'STORE_UNKNOWN'], ['bad', 'BAD_USER_INPUT']]),
    )
    const cursor = await served.ask(`{ store(id: "s1") { id stock(after: "rubbish") { totalCount } } }`)
    expect(cursor.errors?.[0]).toMatchObject({ path: ['store', 'stock'], extensions: { code: 'BAD_USER_INPUT' } })
  })

  test('the stock report', async () => {
    const { data } = await served.ask(`{ stockReport(storeId: "s2", groupBy: BRAND) { key label levels onHand value { amount currencyCode } } }`)
    expect(data).toEqual({
      stockReport: [
        { key: 'Odd', label: 'Odd', levels: 1, onHand: 5, value: [{ amount: '62.50', currencyCode: 'EUR' }] },
        { key: 'Leaf', label: 'Leaf', levels: 1, onHand: 7, value: [{ amount: '31.50', currencyCode: 'GBP' }] },
      ],
    })
    const unknown = await served.ask(`{ stockReport(storeId: "nowhere", groupBy: STORE) { key } }`)
    expect(unknown.errors?.[0]?.extensions?.code).toBe('STORE_UNKNOWN')
  })
})

describe('mutations', () => {
  test('record, repeat and refuse', async () => {
    const move = `mutation ($input: StockMovementInput!) { recordStockMovement(input: $input) { operationId pending availability { onHand status product { id } store { name } } userErrors { code field message } } }`
    const input = { operationId: 'm1', storeId: 's2', productId: 'p2', kind: 'RECEIPT', quantity: 4 }
    const first = await served.ask(move, { input })
    expect(first.data).toEqual({
      recordStockMovement: { operationId: 'm1', pending: false, availability: { onHand: 4, status: 'IN_STOCK', product: { id: 'p2' }, store: { name: 'Bern' } }, userErrors: [] },
    })
    expect((await served.ask(move, { input })).data).toEqual(first.data)
    expect((await served.ask(move, { input: { ...input, quantity: 5 } })).data).toMatchObject({
      recordStockMovement: { availability: null, userErrors: [{ code: 'OPERATION_ID_REUSED', field: ['input', 'operationId'] }] },
    })
    const stranger = await served.ask(move, { input: { ...input, quantity: 5 } }, { 'x-aisle-principal': 'someone else' })
    expect(stranger.data).toMatchObject({ recordStockMovement: { availability: { onHand: 9 } } })
    const blank = await served.ask(move, { input: { ...input, operationId: ' ' } })
    expect(blank.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT')

    const count = `mutation ($input: StockCountInput!) { recordStockCount(input: $input) { availability { onHand updatedAt } userErrors { code } } }`
    const counted = await served.ask(count, { input: { operationId: 'c1', storeId: 's2', productId: 'p2', counted: 6, countedAt: '2026-03-01T09:00:00Z' } })
    // Both receipts came after the count.
    expect(counted.data).toEqual({ recordStockCount: { availability: { onHand: 15, updatedAt: '2026-03-01T09:30:00.000Z' }, userErrors: [] } })
    const history = await served.ask(`{ store(id: "s2") { movements(productId: "p2", first: 2) { nodes { kind quantity onHandAfter occurredAt } pageInfo { hasNextPage } } } }`)
    expect(history.data).toEqual({
      store: {
        movements: {
          nodes: [
            expect.objectContaining({ kind: 'RECEIPT', occurredAt: '2026-03-01T09:30:00.000Z' }),
            expect.objectContaining({ kind: 'RECEIPT', occurredAt: '2026-03-01T09:30:00.000Z' }),
          ],
          pageInfo: { hasNextPage: true },
        },
      },
    })
  })

  test('a price shows beside the list price', async () => {
    const { data } = await served.ask(
      `mutation { setPrice(input: { operationId: "p", productId: "p2", storeId: "s3", amount: "4.5", currencyCode: "GBP" }) { price { amount { amount } listAmount { amount } store { id } product { id } } userErrors { code } } }`,
    )
    expect(data).toEqual({ setPrice: { price: { amount: { amount: '4.50' }, listAmount: { amount: '5.00' }, store: { id: 's3' }, product: { id: 'p2' } }, userErrors: [] } })
  })
})

describe('subscriptions', () => {
  test('stock: each change of a wanted product in order, and the feed is let go of', async () => {
    const events = served.subscribe(`subscription { stockChanged(storeId: "s1", productIds: ["p1", "p9"]) { onHand status product { id } store { name } } }`)
    const first = events.next()
    await until(() => served.feed.followers === 1)
    const stock = (productId: string, on_hand: number | null) => ({
      scope: storeScope('s1'),
      entity: 'stock' as const,
      key: ['s1', productId],
      row: on_hand === null ? null : { store_id: 's1', product_id: productId, on_hand, reorder_point: 5, order_up_to: null, updated_at: 1 },
    })
    served.feed.emit(stock('p2', 1), stock('p1', 7), stock('p9', 3), stock('p1', 4))
    served.feed.emit(stock('p1', null))
    const shown = [await first, await events.next(), await events.next()].map((step) => (step.value as { data: { stockChanged: object } }).data.stockChanged)
    expect(shown).toEqual([
      { onHand: 3, status: 'LOW_STOCK', product: { id: 'p9' }, store: { name: 'Zürich' } },
      { onHand: 4, status: 'LOW_STOCK', product: { id: 'p1' }, store: { name: 'Zürich' } },
      { onHand: 0, status: 'NOT_CARRIED', product: { id: 'p1' }, store: { name: 'Zürich' } },
    ])
    // Nothing is on its way: the source must let go while it waits.
    await events.return?.()
    await until(() => served.feed.followers === 0)
  })

  test('prices: a list price matters where the store sets none', async () => {
    const events = served.subscribe(`subscription { priceChanged(storeId: "s1") { amount { amount } listAmount { amount } product { id } store { id } } }`)
    const first = events.next()
    await until(() => served.feed.followers === 2)
    const list = (product_id: string, amount_minor: number) => ({ scope: chainScope, entity: 'list_price' as const, key: [product_id], row: { product_id, amount_minor, currency: 'GBP', updated_at: 9 } })
    served.feed.emit(list('p1', 470), list('p2', 520))
    const shown = async (step: Promise<IteratorResult<unknown>>) => ((await step).value as { data: { priceChanged: object } }).data.priceChanged
    expect(await shown(first)).toEqual({ amount: { amount: '5.20' }, listAmount: null, product: { id: 'p2' }, store: null })
    served.feed.emit({ scope: storeScope('s1'), entity: 'store_price', key: ['s1', 'p3'], row: { store_id: 's1', product_id: 'p3', amount_minor: 2_900, currency: 'JPY', updated_at: 9 } })
    expect(await shown(events.next())).toEqual({ amount: { amount: '2900' }, listAmount: { amount: '3000' }, product: { id: 'p3' }, store: { id: 's1' } })
    served.feed.emit({ scope: storeScope('s1'), entity: 'store_price', key: ['s1', 'p2'], row: null })
    expect(await shown(events.next())).toEqual({ amount: { amount: '5.00' }, listAmount: null, product: { id: 'p2' }, store: null })
    await events.return?.()
    await until(() => served.feed.followers === 0)
  })

  test('an unknown store is told at once', async () => {
    for (const field of ['stockChanged(storeId: "nowhere") { onHand }', 'priceChanged(storeId: "nowhere") { updatedAt }']) {
      const step = await served.subscribe(`subscription { ${field} }`).next()
      expect(step.value).toMatchObject({ errors: [{ message: 'The chain has no store nowhere.', extensions: { code: 'STORE_UNKNOWN', storeId: 'nowhere' } }] })
    }
    expect(served.feed.followers).toBe(0)
  })
})
