import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { createRoleContext, type RunningRole } from '../../runtime/role.ts'
import { testDatabase } from '../../local/testing/postgres.ts'
import { shopDatabase } from '../../test/conformance/shop-database.ts'
import { startSequencer } from '../log/sequencer.ts'
import type { SubgraphName } from '../shared/context.ts'
import { openPostgres } from '../storage/postgres/storage.ts'
import { defaultPorts, subgraphConfigSchema } from './config.ts'
import { startSubgraph } from './start.ts'

async function answerOf(role: RunningRole, query: string): Promise<unknown> {
  const response = await fetch(`${role.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) })
  return response.json()
}

async function whenReady(role: RunningRole): Promise<void> {
  while (!(await fetch(`${role.url}/health/ready`)).ok) await new Promise<void>((resolve) => setTimeout(resolve, 10))
}

test('every subgraph starts over Postgres and its log, and answers', async () => {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await shopDatabase())
  const { storage } = database
  const folder = await mkdtemp(join(tmpdir(), 'aisle-subgraph-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const tools = createRoleContext('sequencer', 'silent')
  stack.use(startSequencer(storage, { owner: 'test', log: tools.log, metrics: tools.metrics }))
  const start = async (name: SubgraphName): Promise<RunningRole> => {
    const config = subgraphConfigSchema.parse({ port: 0, databaseUrl: database.url, data: join(folder, name) })
    const role = stack.use(await startSubgraph(name, config, createRoleContext(name, 'silent')))
    await whenReady(role)
    return role
  }
  const [search, recommendation, inventory, device] = await Promise.all((Object.keys(defaultPorts) as SubgraphName[]).map(start)) as [RunningRole, RunningRole, RunningRole, RunningRole]

  expect(await answerOf(search, '{ product(id: "p1") { name category { path } } }')).toEqual({ data: { product: { name: 'Green tea', category: { path: ['Drinks', 'Tea'] } } } })
  expect(await answerOf(recommendation, '{ trending { score } }')).toEqual({ data: { trending: [] } })
  expect(await answerOf(inventory, '{ store(id: "s1") { name } }')).toEqual({ data: { store: { name: 'Zürich' } } })
  expect(await answerOf(device, '{ device(id: "d1") { kind } }')).toEqual({ data: { device: { kind: 'FREEZER' } } })

  // A sale reaches a subscriber through triggers, sequencer and log.
  const client = createClient({ url: `${inventory.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
  stack.defer(() => client.dispose())
  const events = client.iterate({ query: 'subscription { stockChanged(storeId: "s1") { onHand product { id } } }' })
  const seen: unknown[] = []
  const first = events.next().then((step) => seen.push(step.value))
  // The feed shows what comes after the subscription, which is there once a sale is seen: so sell until one is.
  for (let sale = 1; seen.length === 0; sale += 1) {
    await answerOf(inventory, `mutation { recordStockMovement(input: { operationId: "sale ${sale}", storeId: "s1", productId: "p1", kind: SALE, quantity: -1 }) { userErrors { code } } }`)
  }
  await first
  expect(seen).toEqual([{ data: { stockChanged: { onHand: expect.any(Number), product: { id: 'p1' } } } }])
  await events.return?.()
})

test('without its database a subgraph says so', async () => {
  const config = subgraphConfigSchema.parse({ port: 0, databaseUrl: 'postgres://nobody@127.0.0.1:1/none', data: 'unused' })
  await expect(startSubgraph('inventory', config, createRoleContext('inventory', 'silent'))).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
})

test('a statement that takes too long is ended, and its request is told so', async () => {
  await using database = await testDatabase()
  await using storage = openPostgres(database.url)
  const config = subgraphConfigSchema.parse({ port: 0, databaseUrl: database.url, data: 'unused', statementTimeout: 50 })
  await using role = await startSubgraph('inventory', config, createRoleContext('inventory', 'silent'))
  await whenReady(role)
  const holder = await storage.pool.connect()
  await holder.query('begin; lock table store in access exclusive mode')
  expect(await answerOf(role, '{ stores { totalCount } }')).toMatchObject({ errors: [{ extensions: { code: 'DATABASE_TIMEOUT' } }] })
  await holder.query('rollback')
  holder.release()
  expect(await answerOf(role, '{ stores { totalCount } }')).toEqual({ data: { stores: { totalCount: 0 } } })
})
