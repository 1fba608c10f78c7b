import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { demoSource } from '../../local/demo/source.ts'
import { importData } from '../../local/import/import.ts'
import { testDatabase, type TestDatabase } from '../../local/testing/postgres.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { ask, operationIds } from '../environment/client.ts'
import { limitedGroup } from '../environment/limits.ts'
import { startRole, type RoleProcess } from '../environment/process.ts'
import { ready, until } from '../environment/wait.ts'

const mostBytes = 256 * 1024 * 1024
const turnMs = 40

let database: TestDatabase
let origin: RoleProcess
let storeId: string

beforeAll(async () => {
  database = await testDatabase()
  {
    await using storage = openPostgres(database.url)
    await importData(demoSource({ products: 400, seed: 'small box', now: Date.now() }), storage, {})
    storeId = (await storage.db.selectFrom('store').select('id').orderBy('id').executeTakeFirstOrThrow()).id
  }
  origin = await startRole('origin', ['origin', '--port', '0'], { DATABASE_URL: database.url, AISLE_LOG_LEVEL: 'warn' })
  await ready(origin.url)
}, 120_000)

afterAll(async () => {
  await origin?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
})

/** Lets a process run for a quarter of the time, where the kernel cannot be asked to. */
function quartered(pid: number): Disposable {
  let runs = true
  const timer = setInterval(() => {
    const turn = Math.floor(performance.now() / turnMs) % 4 === 0
    if (turn === runs) return
    runs = turn
    process.kill(pid, turn ? 'SIGCONT' : 'SIGSTOP')
  }, turnMs / 4)
  return {
    [Symbol.dispose]() {
      clearInterval(timer)
      process.kill(pid, 'SIGCONT')
    },
  }
}

/** The most memory that a process ever had resident, in bytes; null where the system does not tell. */
function mostResident(pid: number): number | null {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
  } catch {
    return null
  }
}

test('256 MB of memory and a quarter of a core do: it copies, searches, takes writes and delivers them', async () => {
  using folder = scratchFolder()
  const options = { AISLE_LOG_LEVEL: 'warn', NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=16' }
  await using group = limitedGroup(folder.path, { memoryBytes: mostBytes, cores: 0.25 })
  await using edge = await startRole('edge', ['edge', '--port', '0', '--origin', origin.url, '--store', storeId, '--data', join(folder.path, 'node'), '--cache-bytes', '16777216'], options, group?.program)
  using _slow = group === null ? quartered(edge.pid) : null
  await ready(edge.url)
  const operations = await operationIds()
  const run = (name: string, variables: object) => ask(edge.url, { documentId: operations.get(name)?.id, variables })
  const found = await run('AppSearch', { query: 'a', storeId, inStock: false, first: 50 })
  const nodes = found.data.search?.nodes
  if (!Array.isArray(nodes)) throw new Error('The search found nothing.')
  const ids = (nodes as { id: string }[]).map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(10)
  const answers = await Promise.all(Array.from({ length: 60 }, (_unused, nth) => run('AppProduct', { ids: [ids[nth % ids.length], ids[(nth * 7) % ids.length]], storeId, withSimilar: nth % 2 === 0 })))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  for (let nth = 0; nth < 10; nth += 1) {
    const input = { operationId: `small-${nth}`, storeId, productId: ids[nth], kind: 'RECEIPT', quantity: 1 }
    expect((await run('RecordMovement', { input })).data.recordStockMovement).toMatchObject({ userErrors: [] })
  }
  await until('the writes to come back', async () => {
    const metrics = await (await fetch(`${edge.url}/metrics`)).text()
    return /aisle_edge_outbox_operations\S* 0$/m.test(metrics)
  })
  const resident = mostResident(edge.pid)
  if (resident !== null) expect(resident).toBeLessThan(mostBytes)
  if (group === null) return
  // It was held to its part, and not ended for its memory.
  expect(group.heldUpSeconds()).toBeGreaterThan(0)
  expect(group.mostMemory()).toBeLessThanOrEqual(mostBytes)
})
