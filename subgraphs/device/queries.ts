import { sql } from 'kysely'
import { groupBy } from '../shared/loaders.ts'
import type { DeviceRow } from '../storage/database.ts'
import { perStorage, prepared } from '../storage/prepared.ts'
import type { Storage } from '../storage/storage.ts'
import type { DevicePage, DeviceStore, Reading, ReadingBucket, ReadingSpan } from './store.ts'

/** Device's reads over either database. */
export const deviceStore = perStorage((storage): DeviceStore => {
  const { db, dialect } = storage
  return {
    devices: prepared(storage, (ids) => db.selectFrom('device').selectAll().where((eb) => dialect.isIn(eb.ref('id'), ids))),
    devicePages: (storeIds, page) => devicePages(storage, storeIds, page),
    async deviceCounts(storeIds, kind) {
      let devices = db.selectFrom('device').where((eb) => dialect.isIn(eb.ref('store_id'), storeIds))
      if (kind !== null) devices = devices.where('kind', '=', kind)
      const rows = await devices.select((eb) => ['store_id', eb.fn.countAll().as('count')]).groupBy('store_id').execute()
      return rows.map((row) => ({ storeId: row.store_id, count: Number(row.count) }))
    },
    readings: (deviceIds, span, most) => readings(storage, deviceIds, span, most),
    buckets: (deviceIds, span, widthMs) => buckets(storage, deviceIds, span, widthMs),
    async readingsBefore({ deviceId, storeId, metric }, before, most) {
      const rows = await db
        .selectFrom('reading')
        .select(['at', 'value'])
        .where('device_id', '=', deviceId)
        .where('store_id', '=', storeId)
        .where('metric', '=', metric)
        .where('at', '<', before)
        .orderBy('at', 'desc')
        .limit(most)
        .execute()
      return rows.toReversed()
    },
  }
})

async function devicePages({ db, dialect }: Storage, storeIds: readonly string[], { kind, first, after }: DevicePage): Promise<DeviceRow[]> {
  let devices = db.selectFrom('device').selectAll().where((eb) => dialect.isIn(eb.ref('store_id'), storeIds))
  if (kind !== null) devices = devices.where('kind', '=', kind)
  if (after !== null) devices = devices.where('id', '>', after)
  if (storeIds.length === 1) return devices.orderBy('id').limit(first + 1).execute()
  return db
    .selectFrom(devices.select((eb) => eb.fn.agg<number>('row_number').over((over) => over.partitionBy('store_id').orderBy('id')).as('place')).as('device'))
    .select(['id', 'store_id', 'kind', 'firmware', 'status', 'last_seen_at', 'shows'])
    .where('place', '<=', first + 1)
    .orderBy('store_id')
    .orderBy('id')
    .execute()
}

/** A store's node holds no readings that a device made elsewhere, so those of the store where it stands are all that is shown anywhere. */
function inSpan({ db, dialect }: Storage, deviceIds: readonly string[], { metric, from, to }: ReadingSpan) {
  return db
    .selectFrom('reading')
    .innerJoin('device', (join) => join.onRef('device.id', '=', 'reading.device_id').onRef('device.store_id', '=', 'reading.store_id'))
    .where((eb) => dialect.isIn(eb.ref('reading.device_id'), deviceIds))
    .where('metric', '=', metric)
    .where('at', '>=', from)
    .where('at', '<', to)
}

async function readings(storage: Storage, deviceIds: readonly string[], span: ReadingSpan, most: number): Promise<Map<string, Reading[]>> {
  const found = inSpan(storage, deviceIds, span).select(['device_id', 'at', 'value'])
  const rows = await (deviceIds.length === 1
    ? found.orderBy('at').limit(most).execute()
    : storage.db
        .selectFrom(found.select((eb) => eb.fn.agg<number>('row_number').over((over) => over.partitionBy('device_id').orderBy('at')).as('place')).as('reading'))
        .select(['device_id', 'at', 'value'])
        .where('place', '<=', most)
        .orderBy('device_id')
        .orderBy('at')
        .execute())
  return groupBy(rows, (row) => row.device_id)
}

async function buckets(storage: Storage, deviceIds: readonly string[], span: ReadingSpan, width: number): Promise<Map<string, ReadingBucket[]>> {
  // Integer remainder takes the sign of the dividend in both dialects; the second one brings it into [0, width).
  const start = sql<number>`at - ((at % ${width}) + ${width}) % ${width}`
  const placed = inSpan(storage, deviceIds, span).select(['device_id', 'at', 'value', start.as('start')])
  const ranked = storage.db
    .selectFrom(placed.as('placed'))
    .select((eb) => [
      'device_id', 'start', 'value',
      eb.fn.agg<number>('row_number').over((over) => over.partitionBy(['device_id', 'start']).orderBy('at', 'desc')).as('age'),
    ])
  const rows = await storage.db
    .selectFrom(ranked.as('ranked'))
    .select((eb) => [
      'device_id', 'start',
      eb.fn.countAll().as('count'),
      eb.fn.min('value').as('min'),
      eb.fn.max('value').as('max'),
      eb.fn.avg<number>('value').as('mean'),
      eb.fn.max(eb.case().when('age', '=', 1).then(eb.ref('value')).end()).as('last'),
    ])
    .groupBy(['device_id', 'start'])
    .orderBy('device_id')
    .orderBy('start')
    .execute()
  const series = new Map<string, ReadingBucket[]>()
  for (const [deviceId, group] of groupBy(rows, (row) => row.device_id)) {
    series.set(deviceId, group.map((row) => ({ at: row.start, count: Number(row.count), min: row.min, max: row.max, mean: rounded(row.mean), last: row.last ?? row.max })))
  }
  return series
}

/** A mean to 12 digits: the databases add in different orders, so the last bits of a sum of floats differ. */
function rounded(mean: number): number {
  return Number(mean.toPrecision(12))
}
