import { expect, test } from '@jest/globals'
import { testDatabase } from '../../local/testing/postgres.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { startRole, type RoleProcess } from '../environment/process.ts'
import { until } from '../environment/wait.ts'

/** Which of them holds the fence, by the process id in its owner. */
function leaderOf(origins: readonly RoleProcess[], owner: string | null): RoleProcess | undefined {
  return origins.find(({ pid }) => owner?.split('/').includes(String(pid)))
}

test('of two origins one moves the log, also when it is frozen, replaced and wakes up again, and when it is killed', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url, { connections: 6 })
  const start = (name: string): Promise<RoleProcess> => startRole(name, ['origin', '--port', '0', '--lease', '500', '--tick', '1'], { DATABASE_URL: database.url, AISLE_LOG_LEVEL: 'fatal' })
  const [first, second] = await Promise.all([start('first origin'), start('second origin')])
  await using _first = first
  await using _second = second
  const origins = [first, second]
  const owner = async (): Promise<string | null> => (await storage.pool.query<{ owner: string | null }>('select owner from log_fence')).rows[0]?.owner ?? null

  const stop = new AbortController()
  let written = 0
  const writers = [1, 2, 3].map(async (writer) => {
    for (let i = 0; !stop.signal.aborted; i += 1) {
      await storage.pool.query("insert into stock (store_id, product_id, on_hand, updated_at) values ($1, $2, 1, 0)", [`s${i % 3}`, `w${writer}-${i}`])
      written += 1
    }
  })
  try {
    for (let round = 0; round < 3; round += 1) {
      const leader = await until('one to lead', async () => leaderOf(origins, await owner()) ?? null)
      const moved = written
      await until('it to move the log', () => written > moved + 100)
      process.kill(leader.pid, 'SIGSTOP')
      try {
        const other = origins.find(({ pid }) => pid !== leader.pid)
        await until('the other to take over', async () => leaderOf(origins, await owner()) === other)
      } finally {
        process.kill(leader.pid, 'SIGCONT')
      }
      // Both are awake, and one of them believes that it still leads.
      const batch = (await storage.pool.query<{ batch: number }>('select batch from log_fence')).rows[0]?.batch ?? 0
      await until('the log to go on', async () => ((await storage.pool.query<{ batch: number }>('select batch from log_fence')).rows[0]?.batch ?? 0) > batch + 20)
    }
    // kill -9 in the middle of whatever it does: the other goes on from the last whole batch.
    const leader = await until('one to lead', async () => leaderOf(origins, await owner()) ?? null)
    const moved = written
    await until('it to move the log', () => written > moved + 100)
    await leader.kill()
    const heir = origins.find(({ pid }) => pid !== leader.pid)
    await until('the other to take over', async () => leaderOf(origins, await owner()) === heir)
    const { batch = 0 } = (await storage.pool.query<{ batch: number }>('select batch from log_fence')).rows[0] ?? {}
    await until('the log to go on', async () => ((await storage.pool.query<{ batch: number }>('select batch from log_fence')).rows[0]?.batch ?? 0) > batch + 20)
  } finally {
    stop.abort()
    await Promise.all(writers)
  }
  await until('everything to be moved', async () => (await storage.pool.query('select from outbox limit 1')).rowCount === 0)
  const { rows } = await storage.pool.query(`
    select (select count(*) from log) as logged,
      (select count(*) from (select position, row_number() over (partition by scope order by position) as nth from log) l where position <> nth) as holes,
      (select count(*) from (select batch, lag(batch) over (partition by scope order by position) as before from log) l where batch < before) as backwards,
      (select count(*) from log_batch b where not exists (select from log l where l.batch = b.batch)) as empty`)
  expect(rows).toEqual([{ logged: written, holes: 0, backwards: 0, empty: 0 }])
})
