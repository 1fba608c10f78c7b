import type { TagsOf } from '../shared/reads.ts'
import { retentionTag, rowTags, storeTags, type Tag } from '../shared/tags.ts'
import type { DeviceStore } from './store.ts'

/** What each of device's reads depends on. */
export const deviceTags: TagsOf<DeviceStore> = {
  devices: (ids) => rowTags('device', ids),
  devicePages: (storeIds) => storeTags('device', storeIds),
  deviceCounts: (storeIds) => storeTags('device', storeIds),
  readings: readingTags,
  buckets: readingTags,
  readingsBefore: ({ deviceId }) => [...rowTags('reading', [deviceId]), retentionTag],
}

/** Of readings only those are shown that were made where the device stands. */
function readingTags(deviceIds: readonly string[]): readonly Tag[] {
  return [...rowTags('reading', deviceIds), ...rowTags('device', deviceIds), retentionTag]
}
