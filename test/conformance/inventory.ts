import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { inventoryLoaders } from '../../subgraphs/inventory/loaders.ts'
import { inventoryStore } from '../../subgraphs/inventory/queries.ts'
import { reportRows } from '../../subgraphs/inventory/report.ts'
import { storePage } from '../../subgraphs/inventory/stores.ts'
import { statusOf } from '../../subgraphs/inventory/level.ts'
import type { InventoryStore, StockGrouping } from '../../subgraphs/inventory/store.ts'
import { fill, shop } from './shop.ts'
import type { MakeStorage, TestStorage } from './storages.ts'

/** What inventory's reads must answer, whatever the database. */
export function registerInventoryTests(name: string, makeStorage: MakeStorage): void {
  describe(`inventory over ${name}`, () => {
    let made: TestStorage
    let store: InventoryStore
    beforeAll(async () => {
      made = await makeStorage()
      await fill(made.storage, shop)
      store = inventoryStore(made.storage)
    })
    afterAll(async () => {
      await made[Symbol.asyncDispose]()
    })

    test('refused writes come latest first, store by store, and what was done is none of them', async () => {
      const write = (store_id: string, n: number, recorded_at: number, code: string | null) => ({
        store_id, incarnation: 'i', n, operation_id: `o${n}`, payload_hash: 'h', recorded_at,
        outcome: JSON.stringify({ result: code === null ? { productId: 'p1' } : null, userErrors: code === null ? [] : [{ code, message: 'No.', field: null }], pending: false }),
      })
      await made.storage.db
        .insertInto('edge_operation')
        .values([write('s1', 1, 10, 'INVALID_QUANTITY'), write('s1', 2, 20, null), write('s1', 3, 30, 'INVALID_TIME'), write('s1', 4, 30, 'INVALID_TIME'), write('s2', 5, 5, 'INVALID_TIME'), write('s3', 6, 5, 'INVALID_TIME')])
        .execute()
      const numbers = async (ids: string[], first: number, after: Parameters<InventoryStore['refusedPages']>[1]['after'] = null) =>
        (await store.refusedPages(ids, { first, after })).map(({ store_id, n }) => `${store_id} ${n}`)
      expect(await numbers(['s1'], 9)).toEqual(['s1 4', 's1 3', 's1 1'])
      expect(await numbers(['s1', 's2'], 1)).toEqual(['s1 4', 's1 3', 's2 5'])
      expect(await numbers(['s1'], 9, { recordedAt: 30, incarnation: 'i', n: 4 })).toEqual(['s1 3', 's1 1'])
    })

    test('the store\'s price applies, else the list price, and an unknown store is told', async () => {
      const { price } = inventoryLoaders(store)
      const before = made.statements()
      const [own, list, none, chain, unknown] = await Promise.allSettled([
        price.load({ productId: 'p1', storeId: 's1' }),
        price.load({ productId: 'p1', storeId: 's2' }),
        price.load({ productId: 'p4', storeId: 's1' }),
        price.load({ productId: 'p2', storeId: null }),
        price.load({ productId: 'p1', storeId: 'nowhere' }),
      ])
      expect(made.statements() - before).toBe(1)
      expect(own).toMatchObject({ value: { applies: { store_id: 's1', amount_minor: 399, updated_at: 2_000 }, list: { amount_minor: 450 } } })
      expect(list).toMatchObject({ value: { applies: { product_id: 'p1', amount_minor: 450, currency: 'GBP' } } })
      expect(list).not.toHaveProperty('value.applies.store_id')
      expect(none).toEqual({ status: 'fulfilled', value: null })
      expect(chain).toMatchObject({ value: { applies: { product_id: 'p2', amount_minor: 500 } } })
      expect(unknown).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNKNOWN' } })
    })

    test('levels of a batch come in one statement, absent ones as not carried', async () => {
      const { level } = inventoryLoaders(store)
      const before = made.statements()
      const levels = await Promise.all(['p1', 'p2', 'p3', 'p4', 'unknown'].map((productId) => level.load({ productId, storeId: 's1' })))
      expect(made.statements() - before).toBe(1)
      expect(levels.map(({ stock }) => [stock?.on_hand, statusOf(stock)])).toEqual([
        [10, 'IN_STOCK'],
        [3, 'LOW_STOCK'],
        [0, 'OUT_OF_STOCK'],
        [-2, 'OUT_OF_STOCK'],
        [undefined, 'NOT_CARRIED'],
      ])
    })

    test('the status filter in SQL is the rule of status', async () => {
      const all = { productIds: null, statuses: null, first: 100, after: null }
      const levels = await store.stockPages(['s1', 's2', 's3'], all)
      for (const status of ['IN_STOCK', 'LOW_STOCK', 'OUT_OF_STOCK', 'NOT_CARRIED'] as const) {
        const expected = levels.filter((row) => statusOf(row) === status)
        expect(await store.stockPages(['s1', 's2', 's3'], { ...all, statuses: [status] })).toEqual(expected)
        const counts = await store.stockCounts(['s1', 's2', 's3'], { productIds: null, statuses: [status] })
        expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(expected.length)
      }
      expect(await store.stockPages(['s1'], { ...all, statuses: [] })).toEqual([])
      expect(await store.stockPages(['s1'], { ...all, productIds: [] })).toEqual([])
    })

    test('pages of several stores are those of each store alone, in one statement', async () => {
      const { stockPage, stockCount } = inventoryLoaders(store)
      const args = { productIds: null, statuses: null, first: 2, after: 'p1' }
      const before = made.statements()
      const together = await Promise.all(['s1', 's2', 's3', 'none'].map((id) => stockPage.load({ id, args })))
      expect(made.statements() - before).toBe(1)
      expect(together.map((rows) => rows.map((row) => row.product_id))).toEqual([['p2', 'p3', 'p4'], ['p4'], [], []])
      expect(await store.stockPages(['s1'], args)).toEqual(together[0])
      expect(await Promise.all(['s1', 'none'].map((id) => stockCount.load({ id, args: { productIds: null, statuses: null } })))).toEqual([4, 0])
    })

    test('stores by name are in bytewise order and page on', async () => {
      const first = await storePage(store, null, 2, null)
      expect(first.nodes.map((row) => row.name)).toEqual(['Bern', 'Zürich'])
      expect(first.pageInfo.hasNextPage).toBe(true)
      const rest = await storePage(store, null, 2, first.pageInfo.endCursor)
      expect(rest.nodes.map((row) => row.name)).toEqual(['avenue'])
      expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
      expect(await store.storeCount()).toBe(3)
    })

    test('stores nearby come nearest first, those without a position last', async () => {
      const near = { latitude: 46.9, longitude: 7.5 }
      const all = await storePage(store, near, 10, null)
      expect(all.nodes.map((row) => row.id)).toEqual(['s2', 's1', 's3'])
      expect(all.edges.map(({ distanceKm }) => (distanceKm === null ? null : Math.round(distanceKm)))).toEqual([7, 95, null])
      const paged: string[] = []
      for (let after: string | null = null, more = true; more; ) {
        const page = await storePage(store, near, 1, after)
        paged.push(...page.nodes.map((row) => row.id))
        after = page.pageInfo.endCursor
        more = page.pageInfo.hasNextPage
      }
      expect(paged).toEqual(['s2', 's1', 's3'])
      await expect(storePage(store, null, 1, all.edges[0]?.cursor)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
      await expect(storePage(store, { latitude: 91, longitude: 0 }, 1, null)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    })

    test('nearest availability lists only stores that have some', async () => {
      const { nearest } = inventoryLoaders(store)
      const args = { near: { latitude: 46.9, longitude: 7.5 }, first: 5 }
      const [p1, p4, p3] = await Promise.all(['p1', 'p4', 'p3'].map((id) => nearest.load({ id, args })))
      expect(p1?.map(({ storeId }) => storeId)).toEqual(['s2', 's1'])
      expect(p4?.map(({ storeId }) => storeId)).toEqual(['s2'])
      expect(p3).toEqual([])
    })

    test.each<[StockGrouping, readonly (readonly unknown[])[]]>([
      ['STORE', [['s2', 'Bern', 2, 12, 0, 1, '31.50 GBP 62.50 EUR'], ['s1', 'Zürich', 4, 13, 2, 2, '54.90 GBP 0 JPY'], ['s3', 'avenue', 1, 1, 0, 0, '4.50 GBP']]],
      ['CATEGORY', [['c2', 'Drinks > Tea', 4, 21, 0, 1, '90.90 GBP'], ['gone', 'gone', 2, 5, 1, 2, '62.50 EUR'], [null, 'No category', 1, 0, 1, 0, '0 JPY']]],
      ['BRAND', [['Leaf', 'Leaf', 4, 21, 0, 1, '90.90 GBP'], ['Odd', 'Odd', 2, 5, 1, 2, '62.50 EUR'], [null, 'No brand', 1, 0, 1, 0, '0 JPY']]],
      ['PRODUCT', [['p1', 'Green tea', 3, 18, 0, 0, '75.90 GBP'], ['p4', 'Mystery', 2, 5, 1, 2, '62.50 EUR'], ['p2', 'Black tea', 1, 3, 0, 1, '15.00 GBP'], ['p3', 'Kettle', 1, 0, 1, 0, '0 JPY']]],
    ])('the stock report by %s', async (grouping, expected) => {
      const before = made.statements()
      const rows = reportRows(grouping, await store.stockReport(grouping, null))
      expect(made.statements() - before).toBe(1)
      const shown = rows.map((row) => [
        row.key, row.label, row.levels, row.onHand, row.outOfStock, row.belowReorderPoint,
        row.value.map(({ amount, currencyCode }) => `${amount} ${currencyCode}`).toSorted((a, b) => (a.slice(-3) === 'GBP' ? -1 : b.slice(-3) === 'GBP' ? 1 : 0)).join(' '),
      ])
      expect(shown).toEqual(expected)
    })

    test('the stock report is exact however dear the stock', async () => {
      await using rich = await makeStorage()
      await fill(rich.storage, {
        store: (shop.store ?? []).slice(0, 1),
        list_price: ['a', 'b'].map((product_id) => ({ product_id, amount_minor: 99_999_999_999_999, currency: 'GBP', updated_at: 1 })),
        stock: ['a', 'b'].map((product_id, index) => ({ store_id: 's1', product_id, on_hand: 1_000_000 + index, reorder_point: null, order_up_to: null, updated_at: 1 })),
      })
      const [row] = reportRows('STORE', await inventoryStore(rich.storage).stockReport('STORE', 's1'))
      expect(row?.value).toEqual([{ amount: (99_999_999_999_999n * 2_000_001n).toString().replace(/(..)$/, '.$1'), currencyCode: 'GBP' }])
    })

    test('the stock report of one store counts only its own', async () => {
      const rows = reportRows('STORE', await store.stockReport('STORE', 's3'))
      expect(rows).toEqual([{ key: 's3', label: 'avenue', levels: 1, onHand: 1, outOfStock: 0, belowReorderPoint: 0, value: [{ amount: '4.50', currencyCode: 'GBP' }] }])
    })
  })
}
