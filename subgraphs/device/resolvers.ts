import { AisleError } from '../../runtime/errors.ts'
import { connectionOf, decodeCursor, pageSize, type Connection } from '../shared/connection.ts'
import type { SubgraphResolvers } from '../shared/context.ts'
import { DateTime, Duration } from '../shared/scalars.ts'
import { requireDeviceRight, requireStoreRight } from '../shared/rights.ts'
import { holdsWholeChain, requireHeld } from '../shared/scope.ts'
import type { DeviceRow } from '../storage/database.ts'
import type { DeviceKind } from './commands.ts'
import { mutations } from './mutations.ts'
import type { DeviceRequest, DeviceResolver } from './part.ts'
import { checkSpan, mostBuckets, tooMany } from './series.ts'
import type { ReadingBucket, ReadingSpan } from './store.ts'
import { subscriptions, type ReadingAlert } from './subscriptions.ts'

interface Reference {
  readonly id: string
}

/** A page of one store's devices; the total is counted only when it is asked for. */
interface DeviceConnection extends Connection<DeviceRow> {
  readonly storeId: string
  readonly kind: DeviceKind | null
}

const query = {
  device: (async (_root, { id }, { device, environment }) => {
    const row = await device.loaders.device.load(id)
    // Where only some stores are held, the device may stand in another.
    if (row === null && !(await holdsWholeChain(environment))) throw new AisleError('OUT_OF_SCOPE', `The device ${id} is not in a store whose data is held here.`)
    return row
  }) satisfies DeviceResolver<unknown, { id: string }>,
}

const device = {
  __resolveReference: ({ id }: Reference, { device: { loaders } }: DeviceRequest) => loaders.device.load(id),
  store: ((row) => ({ id: row.store_id })) satisfies DeviceResolver<DeviceRow>,
  lastSeenAt: ((row) => row.last_seen_at) satisfies DeviceResolver<DeviceRow>,
  readings: ((row, { metric, from, to, bucket }, request) => readings(row, { metric, from, to }, bucket ?? null, request)) satisfies DeviceResolver<
    DeviceRow,
    ReadingSpan & { bucket?: number | null }
  >,
  shows: ((row) => (JSON.parse(row.shows) as string[]).map((id) => ({ id }))) satisfies DeviceResolver<DeviceRow>,
}

const store = {
  __resolveReference: ({ id }: Reference) => ({ id }),
  devices: (async ({ id }, { kind, first, after }, { device: { loaders }, environment }): Promise<DeviceConnection> => {
    requireStoreRight(environment, id, 'read')
    requireHeld(environment, id)
    const size = pageSize(first ?? 50, 500)
    const cursor = decodeCursor(after, 1)
    const rows = await loaders.devicePage.load({ id, args: { kind: kind ?? null, first: size, after: cursor === null ? null : String(cursor[0]) } })
    return { ...connectionOf(rows, size, after, (row) => [row.id]), storeId: id, kind: kind ?? null }
  }) satisfies DeviceResolver<Reference, { kind?: DeviceKind | null; first?: number | null; after?: string | null }>,
}

/** Every resolver of device, by type and field. */
export const deviceResolvers: SubgraphResolvers = {
  DateTime,
  Duration,
  Query: query,
  Mutation: mutations,
  Subscription: subscriptions,
  Device: device,
  Store: store,
  DeviceConnection: {
    totalCount: (({ storeId, kind }, _args, { device: { loaders } }) => loaders.deviceCount.load({ id: storeId, args: { kind } })) satisfies DeviceResolver<DeviceConnection>,
  },
  ReadingAlert: {
    device: (({ deviceId }, _args, { device: { loaders } }) => loaders.device.load(deviceId)) satisfies DeviceResolver<ReadingAlert>,
  },
}

async function readings(row: DeviceRow, span: ReadingSpan, width: number | null, { device: { loaders }, environment }: DeviceRequest): Promise<ReadingBucket[]> {
  requireDeviceRight(environment, row.id, row.store_id, 'read')
  requireHeld(environment, row.store_id)
  checkSpan(span, width)
  const since = environment.readingsSince
  if (since !== null && span.from < since) {
    throw new AisleError('OUT_OF_RETENTION', `Readings before ${new Date(since).toISOString()} are not held here.`, { details: { readingsSince: new Date(since).toISOString() } })
  }
  if (width !== null) return loaders.buckets.load({ id: row.id, args: { ...span, width } })
  const values = await loaders.readings.load({ id: row.id, args: span })
  if (values.length > mostBuckets) throw tooMany(span)
  return values.map(({ at, value }) => ({ at, count: 1, min: value, max: value, mean: value, last: value }))
}
