import { expect, test } from '@jest/globals'
import { testDatabase } from '../../local/testing/postgres.ts'
import { serveForTest } from '../../test/conformance/served.ts'
import { createInventoryCommands } from '../inventory/postgres-commands.ts'
import { inventory } from '../inventory/index.ts'
import { openPostgres } from '../storage/postgres/storage.ts'
import { openSubgraph } from './open.ts'

test('only what reads, and asks for nothing fresh, is answered by the replica', async () => {
  // A replica that has not seen a single store yet.
  await using behind = await testDatabase()
  await using replica = openPostgres(behind.url, { connections: 2 })
  await using served = await serveForTest((storage) => openSubgraph(inventory, { commands: createInventoryCommands(storage), now: () => 1_000 }), { storage: replica })
  const stores = async (headers = {}) => (await served.ask('{ stores { totalCount } }', {}, headers)).data
  expect(await stores()).toEqual({ stores: { totalCount: 0 } })
  expect(await stores({ 'cache-control': 'no-cache' })).toEqual({ stores: { totalCount: 3 } })
  const count = 'mutation { recordStockCount(input: { operationId: "c", storeId: "s1", productId: "p1", counted: 3 }) { availability { onHand store { id } } userErrors { code } } }'
  expect((await served.ask(count)).data).toEqual({ recordStockCount: { availability: { onHand: 3, store: { id: 's1' } }, userErrors: [] } })
})
