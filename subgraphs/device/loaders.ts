import { lazily } from '../shared/lazily.ts'
import type { Batches, Loader } from '../shared/loader.ts'
import { groupBy, ownerLoader, rowLoader, type OwnerKey } from '../shared/loaders.ts'
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
  readonly device: Loader<string, DeviceRow | null>
  /** Devices by store; one more than the page holds. */
  readonly devicePage: Loader<OwnerKey<DevicePage>, DeviceRow[]>
  readonly deviceCount: Loader<OwnerKey<{ readonly kind: DeviceKind | null }>, number>
  /** Readings by device; one more than may be answered. */
  readonly readings: Loader<OwnerKey<ReadingSpan>, Reading[]>
  readonly buckets: Loader<OwnerKey<BucketArgs>, ReadingBucket[]>
}

interface Source {
  readonly store: DeviceStore
  readonly batches: Batches | undefined
}

const makeLoaders = lazily<Source, DeviceLoaders>({
  device: ({ store, batches }) => rowLoader(batches, (ids) => store.devices(ids)),
  devicePage: ({ store, batches }) => ownerLoader(batches, async (ids, page) => groupBy(await store.devicePages(ids, page), (row) => row.store_id), () => []),
  deviceCount: ({ store, batches }) => ownerLoader(batches, async (ids, { kind }) => new Map((await store.deviceCounts(ids, kind)).map(({ storeId, count }) => [storeId, count])), () => 0),
  readings: ({ store, batches }) => ownerLoader(batches, (ids, span) => store.readings(ids, span, mostBuckets + 1), () => []),
  buckets: ({ store, batches }) => ownerLoader(batches, (ids, { width, ...span }) => store.buckets(ids, span, width), () => []),
})

export function deviceLoaders(store: DeviceStore, batches?: Batches): DeviceLoaders {
  return makeLoaders({ store, batches })
}
