import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { Client } from 'pg'
import { migrate } from '../../subgraphs/storage/postgres/migrate.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { startTestServer, type TestServer } from './server.ts'

/** A database of one's own: newest schema, no rows. Disposing drops it, whoever is still connected. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string
}

/**
 * Makes a fresh, migrated database in the Postgres that `AISLE_TEST_DATABASE_URL` (set by `global-setup.ts`) or `DATABASE_URL`
 * names; without either, in a server started for as long as a database of this module is open.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const server = await borrowServer()
  const name = `aisle_test_${process.pid}_${randomBytes(6).toString('hex')}`
  try {
    const template = await ensureTemplate(server.url)
    await run(server.url, `create database "${name}" template "${template}"`)
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return {
    url: withDatabase(server.url, name),
    async [Symbol.asyncDispose]() {
      await run(server.url, `drop database if exists "${name}" with (force)`)
      await server[Symbol.asyncDispose]()
    },
  }
}

let own: { readonly server: Promise<TestServer>; users: number } | null = null

async function borrowServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const url = process.env.AISLE_TEST_DATABASE_URL ?? process.env.DATABASE_URL
  if (url !== undefined && url !== '') return { url, async [Symbol.asyncDispose]() {} }
  own ??= { server: startTestServer(), users: 0 }
  const shared = own
  shared.users += 1
  const server = await shared.server
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      shared.users -= 1
      if (shared.users > 0) return
      if (own === shared) own = null
      await server[Symbol.asyncDispose]()
    },
  }
}

const migrations = new URL('../../schema/migrations/', import.meta.url)

/** A number of our own for Postgres' advisory locks: one process at a time makes the template. */
const templateLock = 7_141_984

/** Migrating takes a hundred times as long as copying: done once a server and schema, under a name that changes with the schema. */
async function ensureTemplate(serverUrl: string): Promise<string> {
  const hash = createHash('sha256')
  for (const file of (await readdir(migrations)).toSorted()) hash.update(file).update('\0').update(await readFile(new URL(file, migrations)))
  const name = `aisle_template_${hash.digest('hex').slice(0, 16)}`
  const exists = 'select 1 from pg_database where datname = $1'
  await connected(serverUrl, async (client) => {
    if ((await client.query(exists, [name])).rowCount === 1) return
    await client.query('select pg_advisory_lock($1)', [templateLock])
    if ((await client.query(exists, [name])).rowCount === 1) return
    const unfinished = `${name}_unfinished`
    await client.query(`drop database if exists "${unfinished}" with (force)`)
    await client.query(`create database "${unfinished}" template template0`)
    {
      await using storage = openPostgres(withDatabase(serverUrl, unfinished), { connections: 2 })
      await migrate(storage)
    }
    await client.query(`alter database "${unfinished}" rename to "${name}"`)
  })
  return name
}

async function run(url: string, statement: string): Promise<void> {
  await connected(url, async (client) => {
    await client.query(statement)
  })
}

async function connected(url: string, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
