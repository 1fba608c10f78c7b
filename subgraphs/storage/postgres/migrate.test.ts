import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { expect, test } from '@jest/globals'
import { testDatabase, type TestDatabase } from '../../../local/testing/postgres.ts'
import { createInventoryCommands } from '../../inventory/postgres-commands.ts'
import { putProduct, putStock, putStore } from '../../log/testing/test-log.ts'
import { migrate } from './migrate.ts'
import { openPostgres, type PostgresStorage } from './storage.ts'

const folder = new URL('../../../schema/migrations/', import.meta.url)
const files = (await readdir(folder)).toSorted()
const names = files.map((file) => file.replace(/\.sql$/, ''))

/** A database without any schema, on the server of the tests. */
async function emptyDatabase(): Promise<TestDatabase> {
  const neighbour = await testDatabase()
  const name = `aisle_empty_${process.pid}_${randomBytes(6).toString('hex')}`
  const run = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: neighbour.url })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
  await run(`create database "${name}" template template0`)
  return {
    url: Object.assign(new URL(neighbour.url), { pathname: `/${name}` }).href,
    async [Symbol.asyncDispose]() {
      await run(`drop database if exists "${name}" with (force)`)
      await neighbour[Symbol.asyncDispose]()
    },
  }
}

test('however many migrate at once, each migration runs once', async () => {
  await using database = await emptyDatabase()
  await using stack = new AsyncDisposableStack()
  const processes = Array.from({ length: 4 }, () => stack.use(openPostgres(database.url, { connections: 2 })))
  const ran = await Promise.all(processes.map((storage) => migrate(storage)))
  expect(ran.flat().toSorted()).toEqual(names)
  expect(await migrate(processes[0] as PostgresStorage)).toEqual([])
})

test('the version before goes on writing while each migration runs, and after it', async () => {
  await using database = await emptyDatabase()
  await using storage = openPostgres(database.url, { connections: 4 })
  // The log came with the fourth: before it there was nothing to be kept running.
  const [first = '', ...later] = names.slice(names.findIndex((name) => name.endsWith('_log')))
  await migrate(storage, first)
  await storage.pool.query([putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 0)].join('; '))
  const stop = new AbortController()
  const writes: number[] = []
  const writing = (async () => {
    while (!stop.signal.aborted) {
      await storage.pool.query("update stock set on_hand = on_hand + 1 where store_id = 's1'")
      await storage.pool.query("insert into edge_operation (store_id, incarnation, n, operation_id, payload_hash, outcome, recorded_at) values ('s1', 'i', $1, $2, 'h', '{}', 0)", [writes.length, `op-${writes.length}`])
      writes.push(Date.now())
    }
  })()
  const more = async (): Promise<void> => {
    const before = writes.length
    while (writes.length < before + 5) await Promise.race([new Promise(setImmediate), writing])
  }
  try {
    for (const name of later) {
      await more()
      expect(await migrate(storage, name)).toEqual([name])
      await more()
    }
  } finally {
    stop.abort()
    await writing
  }
  const { rows } = await storage.pool.query<{ on_hand: number; captured: number }>("select on_hand, (select count(*) from outbox where entity = 'stock') as captured from stock")
  expect(rows).toEqual([{ on_hand: writes.length, captured: writes.length + 1 }])
  expect((await createInventoryCommands(storage).recordMovement({ operationId: 'new', storeId: 's1', productId: 'p1', kind: 'SALE', quantity: -1, occurredAt: null }, { principal: 'p', now: Date.now() })).userErrors).toEqual([])
})

test('migrations only add: nothing that the version before reads or writes goes, or changes its shape', async () => {
  const taken = /\bdrop\s+(?:table|column|schema|type|view)\b|\brename\b|\balter\s+column\s+\S+\s+(?:set\s+data\s+)?type\b|\bset\s+not\s+null\b|\btruncate\s+(?:table\s+)?(?!on\b)\w/i
  const demanding = /\badd\s+column\b(?![^,;]*\bdefault\b)[^,;]*\bnot\s+null\b/i
  for (const file of files) {
    const text = (await readFile(new URL(file, folder), 'utf8')).replaceAll(/--.*$/gm, '').replaceAll(/\$\$.*?\$\$/gs, '')
    expect({ file, taken: taken.exec(text)?.[0] ?? null, demanding: demanding.exec(text)?.[0] ?? null }).toEqual({ file, taken: null, demanding: null })
  }
  expect([taken.test('alter table a drop column b'), demanding.test('alter table a add column b text not null'), demanding.test('alter table a add column b int not null default 0')]).toEqual([true, true, false])
})
