import DataLoader from 'dataloader'
import { groupBy, ownerLoader, type OwnerKey } from '../shared/loaders.ts'
import type { DeviceRow } from '../storage/database.ts'
import type { DeviceKind } from './commands.ts'
import { mostBuckets } from './series.ts'
import type { DevicePage, DeviceStore, Reading, ReadingBucket, ReadingSpan } from './store.ts'

export interface BucketArgs extends ReadingSpan {
  /** Milliseconds. */
  readonly width: number
}

/** What the resolvers of one request share: each loader makes one statement of all that a tick asks of it. */
export interface DeviceLoaders {
  readonly device: DataLoader<string, DeviceRow | null>
  /** Devices by store; one more than the page holds. */
  readonly devicePage: DataLoader<OwnerKey<DevicePage>, DeviceRow[], string>
  readonly deviceCount: DataLoader<OwnerKey<{ readonly kind: DeviceKind | null }>, number, string>
  /** Readings by device; one more than may be answered. */
  readonly readings: DataLoader<OwnerKey<ReadingSpan>, Reading[], string>
  readonly buckets: DataLoader<OwnerKey<BucketArgs>, ReadingBucket[], string>
}

export function deviceLoaders(store: DeviceStore): DeviceLoaders {
  return {
    device: new DataLoader(async (ids) => {
      const rows = new Map((await store.devices(ids)).map((row) => [row.id, row]))
      return ids.map((id) => rows.get(id) ?? null)
    }),
    devicePage: ownerLoader(async (ids, page) => groupBy(await store.devicePages(ids, page), (row) => row.store_id), () => []),
    deviceCount: ownerLoader(async (ids, { kind }) => new Map((await store.deviceCounts(ids, kind)).map(({ storeId, count }) => [storeId, count])), () => 0),
    readings: ownerLoader((ids, span) => store.readings(ids, span, mostBuckets + 1), () => []),
    buckets: ownerLoader((ids, { width, ...span }) => store.buckets(ids, span, width), () => []),
  }
}
