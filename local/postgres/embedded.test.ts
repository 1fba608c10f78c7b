import { describe, expect, test } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { commandLine, identify, isRunning } from '../processes/identity.ts'
import { startEmbeddedPostgres } from './embedded.ts'

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'aisle-postgres-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

describe('embedded Postgres', () => {
  test('keeps its data from one start to the next, and stops with nothing left', async () => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, 'data')
    const pids: number[] = []
    {
      await using server = await startEmbeddedPostgres({ directory, durable: true })
      pids.push(server.pid)
      await query(server.url, 'create table kept (n int); insert into kept values (7)')
    }
    {
      await using server = await startEmbeddedPostgres({ directory, durable: true })
      pids.push(server.pid)
      expect(await query(server.url, 'select n from kept')).toEqual([{ n: 7 }])
      expect(await query(server.url, 'show fsync')).toEqual([{ fsync: 'on' }])
      const settings = "select current_setting('server_encoding') as encoding, (select datcollate from pg_database where datname = current_database()) as locale"
      expect(await query(server.url, settings)).toEqual([{ encoding: 'UTF8', locale: 'C' }])
    }
    expect(pids.map((pid) => identify(pid))).toEqual([null, null])
  })

  test('lets nobody in without the password', async () => {
    await using folder = await temporaryFolder()
    await using server = await startEmbeddedPostgres({ directory: join(folder.path, 'data'), durable: false })
    const wrong = new URL(server.url)
    wrong.password = 'guess'
    await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/)
  })

  test('runs in a folder that only its owner may enter', async () => {
    await using folder = await temporaryFolder()
    const closed = join(folder.path, 'closed')
    await mkdir(closed, { mode: 0o700 })
    await chmod(closed, 0o700)
    await using server = await startEmbeddedPostgres({ directory: join(closed, 'data'), durable: false })
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('recovers from a parent that was killed and left the server behind', async () => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, 'data')
    const script = `
      import { startEmbeddedPostgres } from ${JSON.stringify(new URL('embedded.ts', import.meta.url).href)}
      const server = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, durable: true })
      process.stdout.write(String(server.pid))
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const left = Number(await new Promise((resolve) => parent.stdout.once('data', (data: Buffer) => resolve(data.toString()))))
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const identity = identify(left)
    if (identity === null) throw new Error('the server should have outlived its parent')
    expect(commandLine(left)).toMatch(/postgres/)

    await using server = await startEmbeddedPostgres({ directory, durable: true })
    expect(isRunning(identity)).toBe(false)
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('leaves a stranger alone whose number stands in a stale note', async () => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, 'data')
    await (await startEmbeddedPostgres({ directory, durable: false }))[Symbol.asyncDispose]()
    const stranger = spawn('sleep', ['600'])
    try {
      await once(stranger, 'spawn')
      await writeFile(join(directory, 'postmaster.pid'), `${stranger.pid}\n${directory}\n1\n5432\n\n127.0.0.1\n0 0\nready   \n`)
      await using server = await startEmbeddedPostgres({ directory, durable: false })
      expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
      expect(stranger.exitCode ?? stranger.signalCode).toBeNull()
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  test('says why it cannot start', async () => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, 'data')
    await (await startEmbeddedPostgres({ directory, durable: false }))[Symbol.asyncDispose]()
    await writeFile(join(directory, 'pg_hba.conf'), 'nonsense\n')
    await expect(startEmbeddedPostgres({ directory, durable: false })).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', message: expect.stringMatching(/pg_hba.conf/) })
    await writeFile(join(directory, 'PG_VERSION'), '9\n')
    await expect(startEmbeddedPostgres({ directory, durable: false })).rejects.toMatchObject({ message: expect.stringMatching(/data of Postgres 9.*--fresh/) })
    expect(await readFile(join(directory, 'PG_VERSION'), 'utf8')).toBe('9\n')
  })
})
