import { expect, test } from '@jest/globals'
import { testDatabase } from '../../local/testing/postgres.ts'
import { openPostgres, type PostgresStorage } from '../storage/postgres/storage.ts'
import { ensureReadingPartitions } from './postgres-commands.ts'
import { keepReadingPartitions, partitionLock } from './reading-partitions.ts'

const partitions = async ({ pool }: PostgresStorage): Promise<unknown[]> =>
  (await pool.query("select inhrelid::regclass::text as name from pg_inherits where inhparent = 'reading'::regclass order by 1")).rows.map(({ name }) => name as unknown)

test('months are made ahead, and dropped as a whole once all of one is out of retention', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url, { connections: 2 })
  await storage.db.transaction().execute((transaction) => ensureReadingPartitions(transaction, [Date.UTC(2026, 2, 5), Date.UTC(2026, 3, 5), Date.UTC(2026, 4, 5)]))
  await storage.pool.query("insert into reading values ('d', 'temperature', $1, 4, 's')", [Date.UTC(2026, 3, 30)])

  const now = Date.UTC(2026, 11, 24)
  expect(await keepReadingPartitions(storage, now, Date.UTC(2026, 3, 30))).toEqual(['reading_202603'])
  expect(await partitions(storage)).toEqual(['reading_202604', 'reading_202605', 'reading_202612', 'reading_202701'])
  expect(await keepReadingPartitions(storage, now, Date.UTC(2026, 4, 1))).toEqual(['reading_202604'])
  expect(await keepReadingPartitions(storage, now, Date.UTC(2026, 4, 1))).toEqual([])
})

test('one replica at a time, and a partition in use is left for the next time', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url, { connections: 2 })
  await storage.db.transaction().execute((transaction) => ensureReadingPartitions(transaction, [Date.UTC(2026, 2, 5)]))
  const keep = () => keepReadingPartitions(storage, Date.UTC(2026, 11, 24), Date.UTC(2026, 11, 1))
  const other = await storage.pool.connect()
  await other.query('begin')
  await other.query('select pg_advisory_xact_lock($1)', [partitionLock])
  expect(await keep()).toEqual([])
  await other.query('rollback')

  await other.query('begin')
  await other.query('select count(*) from reading_202603')
  await expect(keep()).rejects.toMatchObject({ code: '55P03' })
  await other.query('commit')
  other.release()
  expect(await keep()).toEqual(['reading_202603'])
})
