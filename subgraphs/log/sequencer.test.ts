import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createMetrics } from '../../runtime/metrics.ts'
import { createLogger } from '../../runtime/log.ts'
import { testDatabase, type TestDatabase } from '../../local/testing/postgres.ts'
import { openPostgres, type PostgresStorage } from '../storage/postgres/storage.ts'
import { openConnection } from './connection.ts'
import { moveOutbox, renewLease, takeLease } from './fence.ts'
import { startSequencer, type Sequencer } from './sequencer.ts'
import { until } from './testing/until.ts'

let database: TestDatabase
let storage: PostgresStorage
beforeEach(async () => {
  database = await testDatabase()
  storage = openPostgres(database.url, { connections: 20 })
})
afterEach(async () => {
  await storage[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

function start(owner: string, leaseMs = 1_000): Sequencer {
  return startSequencer(storage, { owner, tickMs: 1, leaseMs, log: createLogger('test', 'silent'), metrics: createMetrics('test') })
}

async function one<T>(text: string, values: unknown[] = []): Promise<T> {
  const { rows } = await storage.pool.query<Record<string, T>>(text, values)
  return Object.values(rows[0] ?? {})[0] as T
}

const outboxEmpty = () => one<boolean>('select not exists (select from outbox)')

async function write(productId: string, onHand: number, storeId = 's1'): Promise<void> {
  await storage.pool.query(
    `insert into stock (store_id, product_id, on_hand, updated_at) values ($1, $2, $3, 0)
     on conflict (store_id, product_id) do update set on_hand = excluded.on_hand`,
    [storeId, productId, onHand],
  )
}

/** Positions 1 … n in each scope, batches growing with them. */
async function expectDense(): Promise<void> {
  const { rows } = await storage.pool.query(`
    select scope from (
      select scope, position, row_number() over w as nth, batch, lag(batch) over w as before from log window w as (partition by scope order by position)
    ) l where position <> nth or batch < before
    union all
    select scope from log_scope s where position <> (select count(*) from log l where l.scope = s.scope)`)
  expect(rows).toEqual([])
  expect(await one<boolean>('select (select max(batch) from log) = batch and (select count(*) from log_batch) = batch from log_fence')).toBe(true)
}

describe('several sequencers at once', () => {
  test('lose nothing, repeat nothing and leave no hole under many writers; a leader that dies is replaced', async () => {
    const sequencers = [start('a'), start('b'), start('c')]
    try {
      await until(() => sequencers.some(({ leading }) => leading))
      const writers = Array.from({ length: 10 }, async (_unused, writer) => {
        for (let i = 0; i < 120; i += 1) {
          await write(`p${(writer * 7 + i) % 40}`, writer * 1_000 + i, `s${i % 5}`)
          if (writer === 0 && i % 30 === 10) {
            // Its connection is cut in the middle of whatever it does, and its lease with it.
            await storage.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like '%log_fence%' and pid <> pg_backend_pid()")
          }
        }
      })
      await Promise.all(writers)
      await until(outboxEmpty)
    } finally {
      await Promise.all(sequencers.map((sequencer) => sequencer[Symbol.asyncDispose]()))
    }
    await expectDense()
    const wrong = await one<number>(`
      select count(*) from stock s join lateral (
        select row from log where scope = 'store:' || s.store_id and key = jsonb_build_array(s.store_id, s.product_id) order by position desc limit 1
      ) l on true where (l.row ->> 'on_hand')::int <> s.on_hand`)
    expect(wrong).toBe(0)
    expect(await one<number>("select count(*) from log where entity = 'stock'")).toBe(await one<number>('select sum(position)::bigint from log_scope'))
    expect(await one<number>('select term from log_fence')).toBeGreaterThan(1)
  })

  test('one leads, and the next takes over when it stops', async () => {
    const first = start('first', 60_000)
    await until(() => first.leading)
    await using second = start('second')
    await write('p1', 1)
    await until(outboxEmpty)
    expect(second.leading).toBe(false)
    await first[Symbol.asyncDispose]()
    await until(() => second.leading)
    await write('p1', 2)
    await until(outboxEmpty)
    await expectDense()
  })

  test('a lease given before the clock was set back keeps nobody from leading', async () => {
    await storage.pool.query("update log_fence set owner = 'dead', lease_until = clock_timestamp() + interval '1 day'")
    await using next = start('next')
    await until(() => next.leading)
  })

  test('the server\'s limit on statements does not stop a long move', async () => {
    await storage.pool.query(`do $$ begin execute format('alter role %I in database %I set statement_timeout = 300', current_user, current_database()); end $$`)
    const blocker = await openConnection(storage)
    try {
      await blocker.query('begin; select from log_fence for update')
      await using sequencer = start('patient')
      await write('p1', 1)
      // It waits for the fence longer than statements may take here.
      await until(() => one<boolean>("select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and clock_timestamp() - query_start > interval '400 ms')"))
      await blocker.query('rollback')
      await until(() => sequencer.leading)
      await until(outboxEmpty)
    } finally {
      await blocker.end()
    }
  })

  test('a former leader that does not know it yet moves nothing', async () => {
    const old = await openConnection(storage)
    const next = await openConnection(storage)
    try {
      const oldTerm = await takeLease(old, 'old', 0)
      await until(() => one<boolean>('select lease_until < clock_timestamp() from log_fence'))
      const nextTerm = await takeLease(next, 'next', 60_000)
      expect(nextTerm).toBe((oldTerm ?? 0) + 1)
      await write('p1', 1)
      await old.query('begin')
      expect(await renewLease(old, oldTerm ?? 0, 60_000)).toBeNull()
      await old.query('rollback')
      await next.query('begin')
      expect(await renewLease(next, nextTerm ?? 0, 60_000)).toEqual({ waiting: true })
      expect(await moveOutbox(next)).toMatchObject({ batch: 1, changes: 1 })
      await next.query('commit')
      expect(await takeLease(old, 'old', 60_000)).toBeNull()
    } finally {
      await old.end()
      await next.end()
    }
  })
})

test('a long writing transaction holds nobody up, and its rows come after its commit', async () => {
  await using sequencer = start('a')
  const slow = await storage.pool.connect()
  try {
    await slow.query("begin; insert into stock (store_id, product_id, on_hand, updated_at) values ('s1', 'slow', 1, 0)")
    await write('p1', 1)
    await until(outboxEmpty)
    await write('p2', 2)
    await until(outboxEmpty)
    const before = await one<number>('select batch from log_fence')
    expect(before).toBe(2)
    expect(await one<number>("select count(*) from log where key ->> 1 = 'slow'")).toBe(0)
    await slow.query('commit')
    await until(async () => (await one<number>("select count(*) from log where key ->> 1 = 'slow'")) === 1)
    expect(await one<number>("select batch from log where key ->> 1 = 'slow'")).toBe(3)
  } finally {
    slow.release()
  }
  expect(sequencer.leading).toBe(true)
  await expectDense()
})

test('a row that changes its store leaves a tombstone behind', async () => {
  await using _sequencer = start('a')
  await storage.pool.query("insert into device (id, store_id, kind) values ('d1', 's1', 'DISPLAY')")
  await storage.pool.query("update device set store_id = 's2' where id = 'd1'")
  await until(outboxEmpty)
  const { rows } = await storage.pool.query<{ scope: string; position: number; op: string }>('select scope, position, op from log order by scope, position')
  expect(rows).toEqual([
    { scope: 'store:s1', position: 1, op: 'put' },
    { scope: 'store:s1', position: 2, op: 'delete' },
    { scope: 'store:s2', position: 1, op: 'put' },
  ])
})

test('what leaves nothing to move makes no batch', async () => {
  await using _sequencer = start('a')
  await write('p1', 1)
  await until(outboxEmpty)
  await storage.pool.query('update stock set on_hand = on_hand')
  await write('p2', 1)
  await until(async () => (await one<number>("select count(*) from log where key ->> 1 = 'p2'")) === 1)
  expect(await one<number>('select batch from log_fence')).toBe(2)
  await expectDense()
})
