import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createLogger } from '../../runtime/log.ts'
import { until } from '../../test/conformance/served.ts'
import { shopDatabase, type ShopDatabase } from '../../test/conformance/shop-database.ts'
import { openPostgres, type PostgresStorage } from '../storage/postgres/storage.ts'
import { markSilentDevices, sweepLock, watchSilence } from './silence.ts'

let database: ShopDatabase
let storage: PostgresStorage
beforeAll(async () => {
  database = await shopDatabase()
  storage = database.storage
})
afterAll(async () => database[Symbol.asyncDispose]())

async function statuses(): Promise<string> {
  const rows = await storage.db.selectFrom('device').select(['id', 'status']).orderBy('id').execute()
  return rows.map(({ id, status }) => `${id} ${status}`).join(', ')
}

test('devices unheard of since an instant go offline, once', async () => {
  expect(await markSilentDevices(storage, 60_000)).toBe(0)
  expect(await markSilentDevices(storage, 60_001)).toBe(1)
  expect(await statuses()).toBe('d1 OFFLINE, d2 UNKNOWN, d3 OFFLINE, d4 ONLINE')
  expect(await markSilentDevices(storage, 60_001)).toBe(0)
})

test('while one replica sweeps another leaves it alone', async () => {
  await using other = openPostgres(database.url)
  await storage.db.transaction().execute(async (transaction) => {
    await transaction.selectNoFrom((eb) => eb.fn('pg_advisory_xact_lock', [eb.lit(sweepLock)]).as('lock')).execute()
    expect(await markSilentDevices(other, 999_999)).toBe(0)
  })
  expect(await statuses()).toContain('d4 ONLINE')
})

test('a watch sweeps again and again until it is disposed', async () => {
  let now = 0
  const watch = watchSilence(storage, { everyMs: 1, silentAfterMs: 1_000, now: () => now, log: createLogger('test', 'silent') })
  now = 122_000
  for (let text = ''; !text.includes('d4 OFFLINE'); ) text = await statuses()
  await watch[Symbol.asyncDispose]()
  let asked = 0
  const still = watchSilence(storage, { everyMs: 1, silentAfterMs: 0, now: () => (asked += 1), log: createLogger('test', 'silent') })
  await until(() => asked > 2)
  await still[Symbol.asyncDispose]()
})
