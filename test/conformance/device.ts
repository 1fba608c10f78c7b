import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { deviceLoaders } from '../../subgraphs/device/loaders.ts'
import { deviceStore } from '../../subgraphs/device/queries.ts'
import type { DeviceStore } from '../../subgraphs/device/store.ts'
import { fill, shop } from './shop.ts'
import type { MakeStorage, TestStorage } from './storages.ts'

const minute = 60_000
const midnight = Date.parse('2026-02-28T00:00:00Z')

/** What device's reads must answer, whatever the database. */
export function registerDeviceTests(name: string, makeStorage: MakeStorage): void {
  describe(`device over ${name}`, () => {
    let made: TestStorage
    let store: DeviceStore

    const series = (device_id: string, metric: string, points: readonly (readonly [at: number, value: number])[]) =>
      points.map(([at, value]) => ({ device_id, metric, at, value, store_id: 's1' }))

    beforeAll(async () => {
      made = await makeStorage()
      await fill(made.storage, shop)
      store = deviceStore(made.storage)
      const reading = [
        ...series('d1', 'temperature', [[midnight - 1, -18.5], [midnight, -18], [midnight + minute, -17.25], [midnight + 5 * minute - 1, 0.1], [midnight + 5 * minute, 0.2], [midnight + 3_600_000, 4]]),
        ...series('d1', 'door', [[midnight, 1]]),
        ...series('d3', 'temperature', [[midnight + minute, 2], [midnight + 2 * minute, 1e9]]),
        // d2 stands in s1 now, and stood in s2 before.
        ...series('d2', 'temperature', [[midnight + minute, 5]]),
        ...series('d2', 'temperature', [[midnight, 30]]).map((row) => ({ ...row, store_id: 's2' })),
        // A clock before 1970: remainders of negative numbers must not pull it to the wrong side.
        ...series('d1', 'old', [[-1, 1], [-minute, 2], [-minute - 1, 3]]),
      ]
      if (made.storage.dialect.name === 'postgres') for (const { at } of reading) await sql`select ensure_reading_partition(${at})`.execute(made.storage.db)
      await fill(made.storage, { reading })
    })
    afterAll(async () => {
      await made[Symbol.asyncDispose]()
    })

    test('devices of several stores are those of each alone, in one statement', async () => {
      const { devicePage, deviceCount } = deviceLoaders(store)
      const args = { kind: 'FREEZER' as const, first: 1, after: null }
      const before = made.statements()
      const together = await Promise.all(['s1', 's2', 's3'].map((id) => devicePage.load({ id, args })))
      expect(made.statements() - before).toBe(1)
      expect(together.map((rows) => rows.map((row) => row.id))).toEqual([['d1', 'd3'], ['d4'], []])
      expect(await store.devicePages(['s1'], args)).toEqual(together[0])
      expect((await store.devicePages(['s1'], { kind: null, first: 5, after: 'd1' })).map((row) => row.id)).toEqual(['d2', 'd3'])
      expect(await Promise.all(['s1', 's3'].map((id) => deviceCount.load({ id, args: { kind: null } })))).toEqual([3, 0])
      expect(await deviceCount.load({ id: 's1', args: { kind: 'FREEZER' } })).toBe(2)
    })

    test('buckets are counted from midnight UTC, empty ones left out', async () => {
      const span = { metric: 'temperature', from: midnight, to: midnight + 2 * 3_600_000 }
      const found = await store.buckets(['d1'], span, 5 * minute)
      expect(found.get('d1')).toEqual([
        { at: midnight, count: 3, min: -18, max: 0.1, mean: -11.7166666667, last: 0.1 },
        { at: midnight + 5 * minute, count: 1, min: 0.2, max: 0.2, mean: 0.2, last: 0.2 },
        { at: midnight + 3_600_000, count: 1, min: 4, max: 4, mean: 4, last: 4 },
      ])
    })

    test('the span is [from, to), whatever the bucket', async () => {
      const span = { metric: 'temperature', from: midnight - 1, to: midnight + 5 * minute }
      const days = await store.buckets(['d1', 'd3'], span, 24 * 3_600_000)
      expect(days.get('d1')?.map(({ at, count, last }) => [at, count, last])).toEqual([[midnight - 24 * 3_600_000, 1, -18.5], [midnight, 3, 0.1]])
      expect(days.get('d3')).toEqual([{ at: midnight, count: 2, min: 2, max: 1e9, mean: 500_000_001, last: 1e9 }])
      expect((await store.readings(['d1'], span, 10)).get('d1')?.length).toBe(4)
    })

    test('what a device measured in another store stays there', async () => {
      const span = { metric: 'temperature', from: midnight, to: midnight + 5 * minute }
      expect((await store.readings(['d2'], span, 10)).get('d2')).toMatchObject([{ at: midnight + minute, value: 5 }])
      expect((await store.readings(['d1', 'd2'], span, 10)).get('d2')).toMatchObject([{ at: midnight + minute, value: 5 }])
      expect((await store.buckets(['d2'], span, 5 * minute)).get('d2')).toMatchObject([{ count: 1, max: 5 }])
    })

    test('times before 1970 fall into the bucket that holds them', async () => {
      const found = await store.buckets(['d1'], { metric: 'old', from: -10 * minute, to: 10 * minute }, minute)
      expect(found.get('d1')?.map(({ at, count }) => [at, count])).toEqual([[-2 * minute, 1], [-minute, 2]])
    })

    test('odd widths and one-millisecond buckets', async () => {
      const span = { metric: 'temperature', from: midnight, to: midnight + 10 * minute }
      const single = await store.buckets(['d1'], span, 1)
      expect(single.get('d1')?.map(({ at, last }) => [at, last])).toEqual([[midnight, -18], [midnight + minute, -17.25], [midnight + 5 * minute - 1, 0.1], [midnight + 5 * minute, 0.2]])
      const width = 7_777
      for (const { at } of (await store.buckets(['d1'], span, width)).get('d1') ?? []) expect(at % width).toBe(0)
    })

    test('raw readings come oldest first, at most so many of each device, in one statement', async () => {
      const { readings } = deviceLoaders(store)
      const span = { metric: 'temperature', from: midnight, to: midnight + 5 * minute }
      const before = made.statements()
      const [d1, d3, none] = await Promise.all(['d1', 'd3', 'd4'].map((id) => readings.load({ id, args: span })))
      expect(made.statements() - before).toBe(1)
      expect(d1).toMatchObject([{ at: midnight, value: -18 }, { at: midnight + minute, value: -17.25 }, { at: midnight + 5 * minute - 1, value: 0.1 }])
      expect(d3).toMatchObject([{ value: 2 }, { value: 1e9 }])
      expect(none).toEqual([])
      expect((await store.readings(['d1', 'd3'], span, 1)).get('d1')).toMatchObject([{ at: midnight }])
      expect((await store.readings(['d1'], span, 2)).get('d1')?.length).toBe(2)
    })

    test('the newest readings before an instant, oldest first', async () => {
      const d1 = { deviceId: 'd1', storeId: 's1', metric: 'temperature' }
      expect(await store.readingsBefore({ ...d1, storeId: 's2' }, midnight + 5 * minute, 2)).toEqual([])
      expect(await store.readingsBefore(d1, midnight + 5 * minute, 2)).toEqual([{ at: midnight + minute, value: -17.25 }, { at: midnight + 5 * minute - 1, value: 0.1 }])
    })
  })
}
