import { sql, type Transaction } from 'kysely'
import { accepted, refusedBy, type CommandContext, type Outcome } from '../shared/commands.ts'
import { runNamed } from '../shared/named.ts'
import type { Database, DeviceRow } from '../storage/database.ts'
import { postgresDialect, type PostgresStorage } from '../storage/postgres/storage.ts'
import type { DeviceCommands, DeviceErrorCode, RegisterDevice, ReportReadings, ShowOnDevice } from './commands.ts'
import { checkReadings, deviceNotFound, productsNotFound, seenStepMs, storeNotFound } from './rules.ts'

/** The writes of device over Postgres, each in a transaction of its own. */
export function createDeviceCommands({ db }: PostgresStorage): DeviceCommands {
  return {
    registerDevice: (command, context) => db.transaction().execute((transaction) => applyRegistration(transaction, command, context)),
    reportReadings: (command, context) => db.transaction().execute((transaction) => applyReadings(transaction, command, context)),
    showOnDevice: (command, context) => db.transaction().execute((transaction) => applyShow(transaction, command, context)),
  }
}

/** Makes a device known, or moves it, in the caller's transaction; once, however often it comes. Without a firmware the known one stays. */
export function applyRegistration(transaction: Transaction<Database>, command: RegisterDevice, context: CommandContext): Promise<Outcome<DeviceRow, DeviceErrorCode>> {
  return runNamed(transaction, 'registerDevice', command, context, async (): Promise<Outcome<DeviceRow, DeviceErrorCode>> => {
    const { deviceId, storeId, kind, firmware } = command
    const store = await transaction.selectFrom('store').select('id').where('id', '=', storeId).executeTakeFirst()
    if (store === undefined) return refusedBy(storeNotFound(storeId))
    const row = await transaction
      .insertInto('device')
      .values({ id: deviceId, store_id: storeId, kind, firmware, status: 'UNKNOWN', last_seen_at: null, shows: '[]' })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ store_id: storeId, kind, firmware: sql`coalesce(excluded.firmware, device.firmware)` }))
      .returningAll()
      .executeTakeFirstOrThrow()
    return accepted(row)
  })
}

/**
 * Records readings in the caller's transaction; once, however often they come. They stay with the store where the device
 * stands now. Partitions are made before anything is written, so a transaction with several reports should make them first
 * (`ensureReadingPartitions`): it must not hold rows of `reading` while it waits to make one.
 */
export function applyReadings(transaction: Transaction<Database>, command: ReportReadings, context: CommandContext): Promise<Outcome<number, DeviceErrorCode>> {
  return runNamed(transaction, 'reportReadings', command, context, async (): Promise<Outcome<number, DeviceErrorCode>> => {
    const { deviceId, readings } = command
    const refusal = checkReadings(command, context.now)
    if (refusal !== null) return refusedBy(refusal)
    const device = await transaction.selectFrom('device').select('store_id').where('id', '=', deviceId).executeTakeFirst()
    if (device === undefined) return refusedBy(deviceNotFound(deviceId))
    await ensureReadingPartitions(transaction, readings.map(({ at }) => at))
    if (readings.length > 0) {
      await transaction
        .insertInto('reading')
        .values(readings.map(({ metric, at, value }) => ({ device_id: deviceId, metric, at, value, store_id: device.store_id })))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    await markSeen(transaction, deviceId, context.now)
    return accepted(readings.length)
  })
}

/** Makes the partitions that hold these instants (epoch milliseconds), where they are missing. */
export async function ensureReadingPartitions(transaction: Transaction<Database>, instants: readonly number[]): Promise<void> {
  const months = new Map(instants.map((at) => [new Date(at).toISOString().slice(0, 7), at]))
  for (const at of months.values()) await sql`select ensure_reading_partition(${at})`.execute(transaction)
}

/** A device is heard of to the minute, and never earlier than it was: a report that was long on its way changes nothing. */
async function markSeen(transaction: Transaction<Database>, deviceId: string, now: number): Promise<void> {
  const minute = Math.floor(now / seenStepMs) * seenStepMs
  await transaction
    .updateTable('device')
    .set({ status: 'ONLINE', last_seen_at: minute })
    .where('id', '=', deviceId)
    .where((eb) => eb.or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<', minute), eb.and([eb('last_seen_at', '=', minute), eb('status', '<>', 'ONLINE')])]))
    .execute()
}

/** Sets what a device shows in the caller's transaction; once, however often it comes. */
export function applyShow(transaction: Transaction<Database>, command: ShowOnDevice, context: CommandContext): Promise<Outcome<DeviceRow, DeviceErrorCode>> {
  return runNamed(transaction, 'showOnDevice', command, context, async (): Promise<Outcome<DeviceRow, DeviceErrorCode>> => {
    const { deviceId, productIds } = command
    const known = await transaction.selectFrom('product').select('id').where((eb) => postgresDialect.isIn(eb.ref('id'), productIds)).execute()
    const missing = new Set(productIds).difference(new Set(known.map(({ id }) => id)))
    if (missing.size > 0) return refusedBy(productsNotFound([...missing]))
    const row = await transaction.updateTable('device').set({ shows: JSON.stringify(productIds) }).where('id', '=', deviceId).returningAll().executeTakeFirst()
    return row === undefined ? refusedBy(deviceNotFound(deviceId)) : accepted(row)
  })
}
