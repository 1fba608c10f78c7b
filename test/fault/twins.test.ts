import { cpSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import type { NodeData } from '../../edge-cache/node/data.ts'
import { openNodeData } from '../../edge-cache/node/data/index.ts'
import { startTestOrigin, type TestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { createLogger } from '../../runtime/log.ts'
import { Registry } from '../../runtime/metrics.ts'
import { createInventoryCommands } from '../../subgraphs/inventory/postgres-commands.ts'
import { putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { until } from '../environment/wait.ts'

const start = 1_000

let origin: TestOrigin
beforeEach(async () => {
  origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', start))
})
afterEach(async () => {
  await origin[Symbol.asyncDispose]()
})

const by = { principal: 'till', now: Date.now() }

function sale(operationId: string, quantity: number) {
  return { operationId, storeId: 's1', productId: 'p1', kind: 'SALE' as const, quantity, occurredAt: null }
}

async function open(directory: string, warnings: string[] = []): Promise<NodeData> {
  const log = createLogger('edge', 'silent')
  log.warn = (_facts: unknown, text?: string) => void warnings.push(text ?? '')
  const data = await openNodeData({ storeId: 's1', directory, origin: origin.url, extensions: [], log, metrics: new Registry(), mostPauseMs: 300 })
  await until('a copy', () => data.status().position !== null)
  return data
}

async function cloud(): Promise<{ onHand: number; movements: number[] }> {
  const { db } = origin.log.storage
  const stock = await db.selectFrom('stock').select('on_hand').executeTakeFirstOrThrow()
  const movements = await db.selectFrom('movement').select('quantity').execute()
  return { onHand: stock.on_hand, movements: movements.map(({ quantity }) => quantity ?? 0).toSorted((a, b) => a - b) }
}

async function level(data: NodeData): Promise<number | null> {
  using session = await data.read()
  return (await session.storage.db.selectFrom('stock').select('on_hand').executeTakeFirst())?.on_hand ?? null
}

/** How many names (incarnation, n) the cloud has for the writes of the store, and of how many starts of a process. */
async function names(): Promise<{ names: number; incarnations: number }> {
  const rows = await origin.log.storage.db.selectFrom('edge_operation').select(['incarnation', 'n']).execute()
  return { names: new Set(rows.map(({ incarnation, n }) => `${incarnation} ${n}`)).size, incarnations: new Set(rows.map(({ incarnation }) => incarnation)).size }
}

const quarantined = (data: NodeData) => data.status().state === 'quarantined'

const settled = (...nodes: readonly NodeData[]) => until('everything to be settled', () => nodes.every((data) => data.status().pendingOperations === 0))

test('one operation sent to two nodes and to the cloud at once counts once, and of two inputs one', async () => {
  using folderA = scratchFolder()
  using folderB = scratchFolder()
  await using a = await open(folderA.path)
  await using b = await open(folderB.path)
  const direct = createInventoryCommands(origin.log.storage)
  const ways = [a.inventory, b.inventory, direct]
  const operations = Array.from({ length: 15 }, (_unused, i) => `op-${i}`)
  await Promise.all(operations.flatMap((id, i) => ways.map(async (way, w) => way.recordMovement(sale(id, i % 3 === 0 ? -1 - w : -1), by))))
  await settled(a, b)
  const { onHand, movements } = await cloud()
  expect(movements).toHaveLength(operations.length)
  expect(onHand).toBe(start + movements.reduce((sum, quantity) => sum + quantity, 0))
  // Whoever repeats it hears the same of everyone, wherever it was taken first.
  for (const [i, id] of operations.entries()) {
    for (const quantity of i % 3 === 0 ? [-1, -2, -3] : [-1]) {
      const answers = await Promise.all([direct.recordMovement(sale(id, quantity), by), ...[a, b].map(async (node, w) => (i % 3 === 0 && quantity !== -1 - w ? null : node.inventory.recordMovement(sale(id, quantity), by)))])
      expect(new Set(answers.filter((answer) => answer !== null).map((answer) => answer.userErrors[0]?.code ?? 'DONE')).size).toBe(1)
    }
  }
  await until('both nodes to show the cloud\'s level', async () => (await level(a)) === onHand && (await level(b)) === onHand)
  expect((await cloud()).movements).toEqual(movements)
})

test('a cloned directory runs as a second node: what was under way counts once, and no name is used twice', async () => {
  using folder = scratchFolder()
  using clone = scratchFolder()
  const url = new URL(origin.url)
  {
    await using data = await open(folder.path)
    await origin.role[Symbol.asyncDispose]()
    await data.inventory.recordMovement(sale('before', -5), by)
  }
  cpSync(folder.path, clone.path, { recursive: true, force: true })
  const warnings: string[] = []
  await using first = await open(folder.path, warnings)
  await using second = await open(clone.path)
  expect([await level(first), await level(second)]).toEqual([start - 5, start - 5])
  await Promise.all([first.inventory.recordMovement(sale('first', -10), by), second.inventory.recordMovement(sale('second', -20), by)])
  await using _again = await startTestOrigin(origin.log, Number(url.port))
  await settled(first, second)
  expect(await cloud()).toEqual({ onHand: start - 35, movements: [-20, -10, -5] })
  // Both began after the same last number, and neither goes on with it.
  expect(await names()).toEqual({ names: 3, incarnations: 3 })
  await until('each to notice the other', () => quarantined(first) && quarantined(second))
  await until('both nodes to show the cloud\'s level', async () => (await level(first)) === start - 35 && (await level(second)) === start - 35)
  expect(warnings.some((text) => text.includes('another node writes'))).toBe(true)
})

test('yesterday\'s directory put back loses nothing that was delivered, counts nothing twice, and is noticed', async () => {
  using folder = scratchFolder()
  using yesterday = scratchFolder()
  {
    await using data = await open(folder.path)
    await data.inventory.recordMovement(sale('old', -1), by)
    await settled(data)
  }
  cpSync(folder.path, yesterday.path, { recursive: true, force: true })
  {
    await using data = await open(folder.path)
    await data.inventory.recordMovement(sale('today', -10), by)
    await settled(data)
  }
  const warnings: string[] = []
  await using data = await open(yesterday.path, warnings)
  // The client never heard whether today's write arrived, and tries again.
  await data.inventory.recordMovement(sale('today', -10), by)
  await data.inventory.recordMovement(sale('new', -100), by)
  await settled(data)
  expect(await cloud()).toEqual({ onHand: start - 111, movements: [-100, -10, -1] })
  // What was tried again has a name of its own, and the outcome of the first.
  expect(await names()).toEqual({ names: 4, incarnations: 3 })
  await until('the step back to be noticed', () => quarantined(data))
  await until('the node to show the cloud\'s level', async () => (await level(data)) === start - 111)
  expect(warnings.some((text) => text.includes('this disk was taken back'))).toBe(true)
})
