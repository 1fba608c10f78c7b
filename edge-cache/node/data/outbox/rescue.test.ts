import { expect, test } from '@jest/globals'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createLogger, type Logger } from '../../../../runtime/log.ts'
import { Registry } from '../../../../runtime/metrics.ts'
import type { NodeData } from '../../data.ts'
import type { NumberRange } from '../number-ranges.ts'
import { eventually, scratchFolder } from '../testing/conditions.ts'
import { as, openTestNode, sale, shownStock, smallCloud, storeId } from '../testing/node.ts'
import { rescueOutbox } from './rescue.ts'

const copied = (data: NodeData) => eventually(() => data.status().position !== null, 'the first copy has arrived')
const settled = (data: NodeData) => eventually(() => data.status().pendingOperations === 0, 'every write is settled')

/** What the node has to say loudly. */
function listening(): { readonly log: Logger; readonly errors: Record<string, unknown>[] } {
  const log = createLogger('test', 'silent')
  const errors: Record<string, unknown>[] = []
  log.error = (facts: unknown) => void errors.push(facts as Record<string, unknown>)
  return { log, errors }
}

/** Numbers of the writes that are said to be lost. */
function lostOf(errors: readonly Record<string, unknown>[]): number[] {
  const ranges = errors.flatMap((facts) => (Array.isArray(facts.lost) ? (facts.lost as NumberRange[]) : []))
  return ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, nth) => first + nth))
}

/** Writes `writes` sales of one piece of tea each while the link is down, and leaves everything in the file itself. */
async function offlineNode(folder: string, writes: number) {
  const cloud = smallCloud()
  {
    await using data = await openTestNode(folder, cloud)
    await copied(data)
    cloud.down = true
    for (let number = 0; number < writes; number += 1) await data.inventory.recordMovement(sale('tea', -1, null, `op-${number}`), as('till'))
  }
  using side = new DatabaseSync(join(folder, 'outbox.db'))
  side.exec('pragma wal_checkpoint(truncate)')
  return cloud
}

/** Overwrites the page of the file that holds the write. */
function damagePageOf(operationId: string, file: string): void {
  const size = 4_096
  const bytes = readFileSync(file)
  const page = Math.floor(bytes.indexOf(`"operationId":"${operationId}"`) / size)
  expect(page).toBeGreaterThan(0)
  bytes.fill(0xff, page * size, (page + 1) * size)
  writeFileSync(file, bytes)
}

const asideOf = (folder: string): string[] => readdirSync(folder).filter((name) => /^outbox\.db\.damaged-[^-]+-\d\d-[^-]+$/.test(name))

test.each<[string, (file: string) => void]>([
  ['overwritten', (file) => writeFileSync(file, Buffer.alloc(20_000, 0x5a))],
  ['cut off in its first page', (file) => truncateSync(file, 1_000)],
  ['zeroed', (file) => writeFileSync(file, Buffer.alloc(20_480))],
])('an outbox that is %s keeps nobody from reading or writing, and what it held is reported', async (_how, damage) => {
  using folder = scratchFolder()
  const cloud = await offlineNode(folder.path, 3)
  damage(join(folder.path, 'outbox.db'))
  const { log, errors } = listening()
  const metrics = new Registry()
  await using data = await openTestNode(folder.path, cloud, { log, metrics })
  expect(await shownStock(data, 'tea')).toBe(10)
  expect(errors.find((facts) => 'lost' in facts)).toMatchObject({ writes: 3, lost: [{ first: 1, last: 3 }] })
  expect(await metrics.metrics()).toMatch(/aisle_edge_lost_operations_total 3\b/)
  expect(await data.inventory.recordMovement(sale('tea', -2), as('till'))).toMatchObject({ pending: true, result: { on_hand: 8 } })
  cloud.down = false
  await settled(data)
  expect(cloud.levelOf('tea')).toBe(8)
})

test('what a damaged outbox still shows is delivered once, and only the rest is reported as lost', async () => {
  using folder = scratchFolder()
  const cloud = await offlineNode(folder.path, 60)
  damagePageOf('op-30', join(folder.path, 'outbox.db'))
  const { log, errors } = listening()
  await using data = await openTestNode(folder.path, cloud, { log })
  const shown = (await shownStock(data, 'tea')) ?? 0
  const lost = lostOf(errors)
  expect(lost).toContain(31)
  expect(lost.length).toBeLessThan(30)
  expect(shown).toBe(10 - 60 + lost.length)
  expect(asideOf(folder.path)).toHaveLength(1)
  cloud.down = false
  await settled(data)
  expect(cloud.levelOf('tea')).toBe(shown)
  // Exactly those that are reported never came.
  const received = cloud.received.map((name) => Number(name.split(' ')[1]))
  expect([...received, ...lost].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, nth) => nth + 1))
})

test('an outbox that is damaged while the node runs is put aside, and the write that found it is kept', async () => {
  using folder = scratchFolder()
  const cloud = await offlineNode(folder.path, 60)
  const { log, errors } = listening()
  await using data = await openTestNode(folder.path, cloud, { log })
  damagePageOf('op-30', join(folder.path, 'outbox.db'))
  {
    // Whoever has pages of the file in memory looks at the medium again.
    using side = new DatabaseSync(join(folder.path, 'outbox.db'), { timeout: 1_000 })
    side.exec('create table other (x)')
  }
  cloud.down = false
  expect(await data.inventory.recordMovement(sale('milk', -2), as('till'))).toMatchObject({ pending: true })
  await eventually(() => errors.some((facts) => 'aside' in facts), 'the damage is found')
  await settled(data)
  expect(asideOf(folder.path)).toHaveLength(1)
  const lost = (): number => lostOf(errors).length
  // The page may be read back whole from what SQLite still holds of it: then nothing is lost. Whatever is, is reported, and nothing else is missing.
  await eventually(async () => (await shownStock(data, 'tea')) === 10 - 60 + lost(), 'what is not delivered is reported')
  expect(lost()).toBeLessThan(30)
  expect([cloud.levelOf('tea'), cloud.levelOf('milk')]).toEqual([10 - 60 + lost(), 18])
})

test('an outbox that is merely held by another connection is not taken for lost', async () => {
  using folder = scratchFolder()
  await offlineNode(folder.path, 60)
  const file = join(folder.path, 'outbox.db')
  damagePageOf('op-30', file)
  const rescue = () => rescueOutbox(file, storeId, new Date(), 10)
  {
    using holder = new DatabaseSync(file)
    holder.exec('pragma locking_mode = exclusive; begin exclusive; create table other (x)')
    expect(rescue).toThrow(/locked/)
    expect(asideOf(folder.path)).toEqual([])
    holder.exec('rollback')
  }
  expect(rescue().saved).toBeGreaterThan(30)
  expect(asideOf(folder.path)).toHaveLength(1)
})
