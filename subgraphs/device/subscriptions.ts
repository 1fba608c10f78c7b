import { AisleError } from '../../runtime/errors.ts'
import type { Batch } from '../shared/changes.ts'
import { requireStoreRight } from '../shared/rights.ts'
import { holdsWholeChain, requireHeld } from '../shared/scope.ts'
import { follow, newestChanges, stream } from '../shared/streams.ts'
import type { DeviceRow, ReadingRow } from '../storage/database.ts'
import { storeScope } from '../storage/entities.ts'
import type { DeviceRequest, DeviceResolver } from './part.ts'
import { SeriesWatch } from './series-watch.ts'
import { defaultRange } from './usual-range.ts'

/** A reading that leaves the usual range of its series. */
export interface ReadingAlert {
  readonly deviceId: string
  readonly metric: string
  readonly at: number
  readonly value: number
  readonly expectedMin: number
  readonly expectedMax: number
}

/** Device's live fields, read from the log. */
export const subscriptions = {
  deviceChanged: {
    subscribe: (async (_root, { deviceId }, context) => {
      const row = await requireDevice(context, deviceId)
      return stream((signal) => deviceEvents(context, row, signal))
    }) satisfies DeviceResolver<unknown, { deviceId: string }>,
    resolve: (row: DeviceRow) => row,
  },
  readingAlert: {
    subscribe: (async (_root, { storeId }, context) => {
      requireStoreRight(context.environment, storeId, 'read')
      requireHeld(context.environment, storeId)
      const store = await context.environment.storage.db.selectFrom('store').select('id').where('id', '=', storeId).executeTakeFirst()
      if (store === undefined) throw new AisleError('STORE_UNKNOWN', `The chain has no store ${storeId}.`, { details: { storeId } })
      return stream((signal) => alertEvents(context, storeId, signal))
    }) satisfies DeviceResolver<unknown, { storeId: string }>,
    resolve: (alert: ReadingAlert) => alert,
  },
}

/** A device's changes, also when it moves to another store; ends when the device is gone. */
function deviceEvents(context: DeviceRequest, known: DeviceRow, signal: AbortSignal): AsyncGenerator<DeviceRow> {
  const watch = (row: DeviceRow) => {
    const left = new AbortController()
    return { row, left, batches: follow(context.environment.changes, [storeScope(row.store_id)], AbortSignal.any([signal, left.signal])) }
  }
  let watched = watch(known)
  return (async function* () {
    while (!signal.aborted) {
      const { row, left, batches } = watched
      // It may have moved between the look at it and the subscription to its store.
      const now = await current(context, known.id)
      if (now?.store_id === row.store_id) {
        if (row !== known) yield now
        yield* changesOf(context, known.id, batches)
      }
      left.abort()
      if (signal.aborted) return
      const next = await current(context, known.id)
      if (next !== null) watched = watch(next)
      else if (await holdsWholeChain(context.environment)) return
      else throw new AisleError('OUT_OF_SCOPE', `The device ${known.id} has left the stores whose data is held here.`)
    }
  })()
}

/** A device's rows while it stays in the scope that is followed. */
async function* changesOf(context: DeviceRequest, id: string, batches: AsyncGenerator<Batch>): AsyncGenerator<DeviceRow> {
  for await (const batch of batches) {
    const change = newestChanges(batch, 'device').find(({ key }) => key[0] === id)
    if (change === undefined) continue
    if (change.row === null) return
    context.renew()
    yield change.row as unknown as DeviceRow
  }
}

async function current(context: DeviceRequest, id: string): Promise<DeviceRow | null> {
  context.renew()
  return context.device.loaders.device.load(id)
}

function alertEvents(context: DeviceRequest, storeId: string, signal: AbortSignal): AsyncGenerator<ReadingAlert> {
  const batches = follow(context.environment.changes, [storeScope(storeId)], signal)
  const watches = new Map<string, SeriesWatch>()
  const watchOf = async ({ device_id, store_id, metric, at }: ReadingRow): Promise<SeriesWatch> => {
    const label = JSON.stringify([device_id, metric])
    const known = watches.get(label)
    if (known !== undefined) return known
    const watch = new SeriesWatch(await context.device.store.readingsBefore({ deviceId: device_id, storeId: store_id, metric }, at, defaultRange.window + 1))
    watches.set(label, watch)
    return watch
  }
  return (async function* () {
    for await (const batch of batches) {
      for (const change of newestChanges(batch, 'reading')) {
        if (change.row === null) continue
        const reading = change.row as unknown as ReadingRow
        const range = (await watchOf(reading)).take(reading)
        if (range === null) continue
        context.renew()
        yield { deviceId: reading.device_id, metric: reading.metric, at: reading.at, value: reading.value, expectedMin: range.min, expectedMax: range.max }
      }
    }
  })()
}

async function requireDevice({ device, environment }: DeviceRequest, id: string): Promise<DeviceRow> {
  const row = await device.loaders.device.load(id)
  if (row !== null) return row
  if (!(await holdsWholeChain(environment))) throw new AisleError('OUT_OF_SCOPE', `The device ${id} is not in a store whose data is held here.`)
  throw new AisleError('BAD_USER_INPUT', `There is no device ${id}.`, { details: { deviceId: id } })
}
