import type { TagsOf } from '../shared/reads.ts'
import { rowTags, storeTags } from '../shared/tags.ts'
import type { DeviceStore } from './store.ts'

/** What each of device's reads depends on. */
export const deviceTags: TagsOf<DeviceStore> = {
  devices: (ids) => rowTags('device', ids),
  devicePages: (storeIds) => storeTags('device', storeIds),
  deviceCounts: (storeIds) => storeTags('device', storeIds),
  readings: (deviceIds) => [...rowTags('reading', deviceIds), ...rowTags('device', deviceIds)],
  buckets: (deviceIds) => [...rowTags('reading', deviceIds), ...rowTags('device', deviceIds)],
  readingsBefore: ({ deviceId }) => rowTags('reading', [deviceId]),
}
