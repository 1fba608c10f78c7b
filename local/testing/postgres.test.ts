import { expect, test } from '@jest/globals'
import { spawn } from 'node:child_process'
import { access } from 'node:fs/promises'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { identify, isRunning } from '../processes/identity.ts'
import { testDatabase } from './postgres.ts'

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

test('gives everyone a migrated database of their own, and takes it away', async () => {
  await using first = await testDatabase()
  const name = new URL(first.url).pathname.slice(1)
  {
    await using second = await testDatabase()
    await query(second.url, "insert into store (id, name, timezone) values ('s', 'Store', 'Europe/Madrid')")
    expect(await query(second.url, 'select id from store')).toEqual([{ id: 's' }])
    expect(await query(first.url, 'select id from store')).toEqual([])
    expect(new URL(second.url).pathname).not.toBe(`/${name}`)
  }
  expect(await query(first.url, `select datname from pg_database where datname like 'aisle_test_${process.pid}_%'`)).toEqual([{ datname: name }])
})

test('a test server ends with the process that started it, even when that is killed', async () => {
  const script = `
    import { startTestServer } from ${JSON.stringify(new URL('server.ts', import.meta.url).href)}
    const server = await startTestServer()
    process.stdout.write(JSON.stringify({ pid: server.pid, folder: server.folder }))
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { pid, folder }: { pid: number; folder: string } = JSON.parse(await new Promise((resolve) => {
    parent.stdout.once('data', (data: Buffer) => resolve(data.toString()))
  }))
  const server = identify(pid)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  if (server === null) throw new Error('the server should have run')
  while (isRunning(server)) await sleep(20)
  await expect(async () => {
    for (;;) {
      await access(folder)
      await sleep(20)
    }
  }).rejects.toMatchObject({ code: 'ENOENT' })
})
