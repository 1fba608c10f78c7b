import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startEmbeddedPostgres } from '../../local/postgres/embedded.ts'
import { createLogger } from '../../runtime/log.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { openChangeFeed } from '../../subgraphs/log/feed.ts'
import { startFollower } from '../../subgraphs/log/follower.ts'
import { createPostgresSource } from '../../subgraphs/log/postgres-source.ts'
import { startSequencer } from '../../subgraphs/log/sequencer.ts'
import { rowsInPostgres, rowsInReplica } from '../../subgraphs/log/testing/compare.ts'
import { until } from '../../subgraphs/log/testing/until.ts'
import { migrate } from '../../subgraphs/storage/postgres/migrate.ts'
import { openPostgres, type PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'
import { openReplica } from '../../subgraphs/storage/sqlite/replica.ts'

const log = createLogger('test', 'silent')

/** Writes until told to stop, also while nobody answers; returns the products whose write was acknowledged. */
async function keepWriting({ pool }: PostgresStorage, writer: number, stop: AbortSignal): Promise<string[]> {
  const acknowledged: string[] = []
  for (let i = 0; !stop.aborted; i += 1) {
    const product = `w${writer}-${i}`
    try {
      await pool.query("insert into stock (store_id, product_id, on_hand, updated_at) values ('s1', $1, 1, 0)", [product])
      acknowledged.push(product)
    } catch {
      await new Promise(setImmediate)
    }
  }
  return acknowledged
}

test('Postgres killed in the middle of writing: sequencer, follower and feed go on, and no acknowledged write is lost', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aisle-restart-'))
  const directory = join(folder, 'data')
  let server = await startEmbeddedPostgres({ directory, durable: true })
  try {
    await using storage = openPostgres(server.url, { connections: 8 })
    await migrate(storage)
    await storage.pool.query("insert into store (id, name, timezone) values ('s1', 'One', 'Europe/Madrid')")
    await using _sequencer = startSequencer(storage, { owner: 'test', tickMs: 5, leaseMs: 1_000, log, metrics: createMetrics('test') })
    await using source = createPostgresSource(storage)
    using replica = openReplica({ file: join(folder, 'replica.db'), scopes: ['chain', 'store:s1'] })
    await using follower = startFollower({ source, replica, log, waitMs: 1_000, mostPauseMs: 300 })
    await follower.ready()
    await using feed = await openChangeFeed(storage)
    const fed: string[] = []
    const batches = feed.subscribe('store:s1')
    const reading = (async () => {
      for await (const batch of batches) fed.push(...batch.changes.map(({ key }) => String(key[1])))
    })()

    const stop = new AbortController()
    const writers = [1, 2, 3].map((writer) => keepWriting(storage, writer, stop.signal))
    for (let kills = 0; kills < 2; kills += 1) {
      const { length } = fed
      await until(() => fed.length > length + 50)
      const { port } = server
      await server.kill()
      await until(() => !follower.online)
      server = await startEmbeddedPostgres({ directory, port, durable: true })
    }
    const { length } = fed
    await until(() => fed.length > length + 50)
    stop.abort()
    const acknowledged = (await Promise.all(writers)).flat()
    await until(async () => (await storage.pool.query('select from outbox limit 1')).rowCount === 0)
    const { rows } = await storage.pool.query<{ batch: number }>('select batch from log_fence')
    await until(() => (replica.position()?.batch ?? 0) >= (rows[0]?.batch ?? Infinity))
    const expected = await rowsInPostgres(storage, 's1')
    expect(rowsInReplica(replica)).toEqual(expected)
    const stored = new Set(expected.stock?.map((row) => String(row.product_id)))
    expect(acknowledged.filter((product) => !stored.has(product))).toEqual([])
    await until(() => fed.length >= stored.size)
    expect(new Set(fed)).toEqual(stored)
    expect(fed.length).toBe(stored.size)
    await feed[Symbol.asyncDispose]()
    await reading
    const gaps = await storage.pool.query('select from (select position, row_number() over (partition by scope order by position) as nth from log) l where position <> nth')
    expect(gaps.rowCount).toBe(0)
  } finally {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
})
