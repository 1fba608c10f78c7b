import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startReplicatedPostgres, type ReplicatedPostgres } from '../../../local/testing/replica.ts'
import { createLogger } from '../../../runtime/log.ts'
import { until } from '../../../test/conformance/served.ts'
import { openReadRouter } from './read-router.ts'
import { openPostgres, type PostgresStorage } from './storage.ts'

let postgres: ReplicatedPostgres
let primary: PostgresStorage

beforeAll(async () => {
  postgres = await startReplicatedPostgres()
  primary = openPostgres(postgres.primary.url, { connections: 4 })
})
afterAll(async () => {
  await primary[Symbol.asyncDispose]()
  await postgres[Symbol.asyncDispose]()
})

const options = { maxLagMs: 400, everyMs: 20, connections: 2, log: createLogger('test', 'silent') }
const readOnly = async ({ pool }: PostgresStorage): Promise<unknown> => (await pool.query('select pg_is_in_recovery() as standby')).rows[0]?.standby
const write = (key: string) => primary.pool.query("insert into setting values ($1, '')", [key])

test('reads go to the replica while it keeps up, to the primary while it does not, and back', async () => {
  await using reads = openReadRouter(primary, postgres.replica.url, options)
  expect(reads.storage).toBe(primary)
  await until(() => reads.replicated)
  expect(await readOnly(reads.storage)).toBe(true)

  await using control = openPostgres(postgres.replica.url, { connections: 1 })
  await control.pool.query('select pg_wal_replay_pause()')
  await write('while it is paused')
  await until(() => !reads.replicated)
  expect(await readOnly(reads.storage)).toBe(false)

  await control.pool.query('select pg_wal_replay_resume()')
  await until(() => reads.replicated)
  const { rows } = await reads.storage.pool.query("select 1 from setting where key = 'while it is paused'")
  expect(rows).toHaveLength(1)
})

test('a replica that is frozen, killed, or no replica at all is not asked', async () => {
  await using reads = openReadRouter(primary, postgres.replica.url, options)
  await until(() => reads.replicated)
  process.kill(postgres.replica.pid, 'SIGSTOP')
  await postgres.replica.kill()
  await until(() => !reads.replicated)
  expect(await readOnly(reads.storage)).toBe(false)

  await using wrong = openReadRouter(primary, postgres.primary.url, options)
  const back = await postgres.restartReplica()
  await using again = openReadRouter(primary, back.url, options)
  await until(() => again.replicated)
  expect(wrong.replicated).toBe(false)
})

test('a statement that takes too long is ended by the server', async () => {
  await using storage = openPostgres(postgres.primary.url, { connections: 1, statementTimeoutMs: 50 })
  await expect(storage.pool.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' })
  expect((await storage.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
})
