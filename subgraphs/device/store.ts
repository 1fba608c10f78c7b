import type { DeviceRow } from '../storage/database.ts'
import type { DeviceKind } from './commands.ts'

/** A page of a store's devices, by id. One more than `first` is read, to know whether there is a next page. */
export interface DevicePage {
  readonly kind: DeviceKind | null
  readonly first: number
  /** Id of the last device of the page before. */
  readonly after: string | null
}

/** Readings of one metric in [from, to), epoch milliseconds. */
export interface ReadingSpan {
  readonly metric: string
  readonly from: number
  readonly to: number
}

/** Readings summed up from `at` on. */
export interface ReadingBucket {
  readonly at: number
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly last: number
}

/** What one device measures in one store. */
export interface Series {
  readonly deviceId: string
  readonly storeId: string
  readonly metric: string
}

export interface Reading {
  readonly at: number
  readonly value: number
}

/** What device reads. Each call is one statement, whatever the number of ids. */
export interface DeviceStore {
  devices(ids: readonly string[]): PromiseLike<DeviceRow[]>
  devicePages(storeIds: readonly string[], page: DevicePage): Promise<DeviceRow[]>
  deviceCounts(storeIds: readonly string[], kind: DeviceKind | null): Promise<{ readonly storeId: string; readonly count: number }[]>
  /** Oldest first; at most `most` of each device. Those made in another store than where the device now stands are left out, here and in `buckets`. */
  readings(deviceIds: readonly string[], span: ReadingSpan, most: number): Promise<Map<string, Reading[]>>
  /** Oldest first; each bucket `widthMs` wide, counted from midnight UTC of 1970. Empty ones are left out. */
  buckets(deviceIds: readonly string[], span: ReadingSpan, widthMs: number): Promise<Map<string, ReadingBucket[]>>
  /** The newest readings of a series before an instant, oldest first. */
  readingsBefore(series: Series, before: number, most: number): Promise<Reading[]>
}
