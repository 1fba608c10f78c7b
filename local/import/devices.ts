import { deviceKind } from './kinds.ts'
import { RowProblem } from './row.ts'
import type { ImportTable } from './table.ts'

/** devices → device. What a device said of itself since (state, what it shows) stays. */
export const devices: ImportTable = {
  name: 'devices',
  into: ['device'],
  required: ['id', 'store_id', 'kind'],
  staging: { id: 'text collate "C"', store_id: 'text collate "C"', kind: 'text collate "C"', firmware: 'text collate "C"' },
  read(row, remark) {
    const name = row.text('kind')
    const kind = deviceKind(name)
    if (kind === null) remark(`devices of the kind ${JSON.stringify(name)}: kept as OTHER`)
    return [row.id('id'), row.id('store_id'), kind ?? 'OTHER', row.optional('firmware')]
  },
  references: [{ column: 'store_id', table: 'store', noun: 'store' }],
  key: ['id'],
  async merge({ change }) {
    return change(`
      insert into device (id, store_id, kind, firmware) select id, store_id, kind, firmware from staged order by line
      on conflict (id) do update set store_id = excluded.store_id, kind = excluded.kind, firmware = excluded.firmware
      where (device.store_id, device.kind, device.firmware) is distinct from (excluded.store_id, excluded.kind, excluded.firmware)`)
  },
}

/** readings → reading, in the month's partition; a reading belongs to the store where its device stands. */
export const readings: ImportTable = {
  name: 'readings',
  into: ['reading'],
  required: ['device_id', 'metric', 'at', 'value'],
  staging: { device_id: 'text collate "C"', metric: 'text collate "C"', at: 'bigint', value: 'double precision' },
  read: (row) => [row.id('device_id'), row.id('metric'), row.time('at'), row.number('value')],
  references: [{ column: 'device_id', table: 'device', noun: 'device' }],
  key: ['device_id', 'metric', 'at'],
  async merge({ run, change }) {
    await run(`
      select ensure_reading_partition(month) from (
        select distinct (extract(epoch from date_trunc('month', to_timestamp(at / 1000.0), 'UTC')) * 1000)::bigint as month from staged) as months`)
    return change(`
      insert into reading (device_id, metric, at, value, store_id)
      select device_id, metric, at, value, device.store_id from staged join device on device.id = device_id order by line
      on conflict (device_id, metric, at) do update set value = excluded.value where reading.value is distinct from excluded.value`)
  },
}

/** device_shows → what a display or shelf label shows: a JSON array of product ids. Ids of unknown products are an error of the source. */
export const deviceShows: ImportTable = {
  name: 'device_shows',
  into: ['device'],
  required: ['device_id', 'product_ids'],
  staging: { device_id: 'text collate "C"', shows: 'text collate "C"' },
  read(row) {
    const text = row.text('product_ids')
    let ids: unknown
    try {
      ids = JSON.parse(text)
    } catch {
      throw new RowProblem('product_ids', 'is not JSON')
    }
    if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) throw new RowProblem('product_ids', 'is not a JSON array of ids')
    return [row.id('device_id'), JSON.stringify(ids)]
  },
  references: [{ column: 'device_id', table: 'device', noun: 'device' }],
  key: ['device_id'],
  async merge({ change }) {
    return change(`
      update device set shows = staged.shows from staged where device.id = staged.device_id and device.shows <> staged.shows`)
  },
}
