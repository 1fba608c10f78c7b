import { expect, test } from '@jest/globals'
import { Random } from '../../differential/random.ts'
import type { DeliveredOperation } from '../../../edge-cache/protocol.ts'
import type { AisleError } from '../../../runtime/errors.ts'
import type { LogCursor } from '../../../subgraphs/log/source.ts'
import { payloadHash } from '../../../subgraphs/shared/once.ts'
import { Ledger, type Written } from '../ledger.ts'
import { openModel, openReal, type Cloud } from './contract.ts'
import type { RowWrite } from './rows.ts'

const storeIds = ['S1', 'S2']
const scopes = ['chain', 'store:S1', 'store:S2']
const productIds = ['tea', 'milk', 'never', 'unknown']
const began = Date.now()

type Step = (cloud: Cloud) => Promise<unknown>

const furniture: readonly RowWrite[] = [
  ...storeIds.map((id): RowWrite => ({ entity: 'store', row: { id, name: id, timezone: 'Europe/London' } })),
  ...productIds.slice(0, 3).map((id): RowWrite => ({ entity: 'product', row: { id, name: id, attributes: '[]' } })),
  ...storeIds.flatMap((store_id): RowWrite[] => [
    { entity: 'stock', row: { store_id, product_id: 'tea', on_hand: 10, reorder_point: 2, order_up_to: 9, updated_at: 1 } },
    { entity: 'stock', row: { store_id, product_id: 'milk', on_hand: 20, reorder_point: null, order_up_to: null, updated_at: 1 } },
    { entity: 'device', row: { id: `freezer-${store_id}`, store_id, kind: 'FREEZER', firmware: null, status: 'UNKNOWN', last_seen_at: null, shows: '[]' } },
  ]),
]

/** A history that is the same for the same seed: writes of rows, commands, deliveries and their repetitions, moves, long transactions, upkeep of the log, and a reader. */
function history(seed: number): Step[] {
  const random = new Random(seed)
  const ledger = new Ledger()
  let head = 0
  const move: Step = async (cloud) => {
    const moved = await cloud.move()
    head = moved ?? head
    return moved
  }
  const steps: Step[] = [(cloud) => cloud.write(...furniture), move]
  const readers = [1, 2, 5].map((limit) => readerOf(limit))
  const sent: { storeId: string; operation: DeliveredOperation }[] = []
  let n = 0
  const written = (): Written => {
    const storeId = random.pick(storeIds)
    const at = random.chance(0.5) ? null : began - random.integer(0, 100) * 1_000
    const place = { operationId: ledger.operationId(), storeId, productId: random.pick(productIds) }
    const kind = random.integer(0, 3)
    if (kind === 0) return { kind: 'recordStockCount', command: { ...place, counted: random.integer(-1, 30), countedAt: at } }
    if (kind === 1) {
      const readings = Array.from({ length: random.integer(0, 3) }, () => ({ metric: 'celsius', at: began - random.integer(0, 5) * 1_000, value: -random.integer(1, 20) }))
      return { kind: 'reportReadings', command: { operationId: place.operationId, deviceId: random.pick(['freezer-S1', 'freezer-S2', 'unknown']), readings } }
    }
    const quantity = random.integer(-9, 9)
    return { kind: 'recordStockMovement', command: { ...place, kind: random.pick(['SALE', 'RECEIPT', 'ADJUSTMENT'] as const), quantity, occurredAt: at } }
  }
  const sentOf = ({ kind, command }: Written): { storeId: string; operation: DeliveredOperation } => {
    n += 1
    const operation = { incarnation: 'first', n, operationId: command.operationId, principal: 'till', kind, payload: command, hash: payloadHash({ kind, payload: command }), receivedAt: began + n }
    return { storeId: 'storeId' in command ? command.storeId : 'S1', operation }
  }
  let open: Promise<Awaited<ReturnType<Cloud['begin']>>> | null = null
  for (let left = 80; left > 0; left -= 1) {
    const what = random.integer(0, 15)
    if (what <= 3) {
      const one = sentOf(written())
      sent.push(one)
      steps.push((cloud) => cloud.deliver(one.storeId, [one.operation]))
    } else if (what === 4 && sent.length > 0) {
      // The same again, under another name, with other input, damaged, or for another store.
      const { storeId, operation } = random.pick(sent)
      const changed = random.pick([
        operation,
        { ...operation, incarnation: 'second' },
        { ...operation, payload: { ...(operation.payload as object), quantity: 77 } },
        { ...operation, principal: 'other', hash: payloadHash({ kind: operation.kind, payload: {} }), payload: {} },
        { ...operation, incarnation: 'third', kind: 'recordMiracle', hash: payloadHash({ kind: 'recordMiracle', payload: operation.payload }) },
      ])
      const target = random.chance(0.8) ? storeId : random.pick(storeIds)
      if (changed.kind === 'recordMiracle' || 'operationId' in (changed.payload as object)) steps.push((cloud) => cloud.deliver(target, [changed]))
    } else if (what <= 6) {
      const one = written()
      const principal = random.pick(['till', 'staff'])
      const now = began + random.integer(0, 100)
      steps.push((cloud) => cloud.command(one, { principal, now }))
    } else if (what === 7) {
      const writes: RowWrite[] = [
        { entity: 'store_price', row: { store_id: random.pick(storeIds), product_id: random.pick(productIds), amount_minor: random.integer(1, 3), currency: 'GBP', updated_at: 1 } },
        { entity: 'device', row: { id: 'screen', store_id: random.pick(storeIds), kind: 'DISPLAY', firmware: null, status: 'UNKNOWN', last_seen_at: null, shows: '[]' } },
      ]
      steps.push((cloud) => cloud.write(...writes))
    } else if (what === 8) {
      const key = [random.pick(storeIds), random.pick(productIds)]
      steps.push((cloud) => cloud.write({ entity: 'store_price', key }))
    } else if (what === 9) {
      const id = `slow-${left}`
      const commits = random.chance(0.7)
      const opened = open === null
      if (opened) {
        steps.push(async (cloud) => {
          open = cloud.begin()
          await (await open).write({ entity: 'product', row: { id, name: id, attributes: '[]' } })
        })
        open = Promise.resolve(null as never)
      } else {
        steps.push(async () => (commits ? (await open)?.commit() : (await open)?.rollback()))
        open = null
      }
    } else if (what <= 11) steps.push(move)
    else if (what <= 14) {
      const reader = random.pick(readers)
      const behind = random.integer(0, 4)
      if (what === 12) steps.push(move, async (cloud) => cloud.compact(head - behind))
      steps.push(reader)
    } else {
      const behind = random.integer(0, 12)
      steps.push(async (cloud) => cloud.prune(head - behind))
    }
  }
  if (open !== null) steps.push(async () => (await open)?.rollback())
  steps.push(move)
  return steps
}

/** Somebody who reads a page at a time, and begins anew with whatever the log says of its cursor. */
function readerOf(limit: number): Step {
  let cursor: LogCursor | null = null
  return async ({ source }) => {
    cursor ??= { epoch: await epochOf(source), batch: 0 }
    try {
      const page = await source.changes(scopes, cursor, { limit })
      cursor = page.next
      return page
    } catch (error) {
      const { code, details } = error as AisleError
      cursor = typeof details?.oldest === 'number' ? { epoch: cursor.epoch, batch: details.oldest } : null
      return code
    }
  }
}

async function epochOf(source: Cloud['source']): Promise<string> {
  const { header, chunks } = await source.snapshot(scopes, { entities: ['store'] })
  for await (const _chunk of chunks) continue
  return header.head.epoch
}

/** Times of the cloud's own clock and random names are its own. */
function comparable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (key, part: unknown) => (['epoch', 'stamp', 'at', 'now', 'recorded_at', 'message'].includes(key) && (key !== 'at' || typeof part !== 'number' || part > began) ? '·' : part)) as unknown
}

/** Everything that can be seen of a cloud after a history. */
async function outcomeOf(open: () => Promise<Cloud>, seed: number): Promise<unknown[]> {
  await using cloud = await open()
  const seen: unknown[] = []
  for (const step of history(seed)) seen.push(comparable(await step(cloud)))
  const { header, chunks } = await cloud.source.snapshot(scopes)
  const rows: Record<string, unknown[]> = {}
  for await (const chunk of chunks) (rows[chunk.entity] ??= []).push(...chunk.rows)
  const sorted = Object.entries(rows).map(([entity, list]) => [entity, list.map((row) => JSON.stringify(comparable(row))).toSorted()])
  seen.push(comparable(header), sorted.toSorted(([a], [b]) => String(a).localeCompare(String(b))))
  const start = { epoch: header.head.epoch, batch: 0 }
  const oldest = await cloud.source.changes(scopes, start).then(() => 0, (error: AisleError) => Number(error.details?.oldest))
  seen.push({ oldest })
  for (const limit of [1_000, 3]) {
    let cursor: LogCursor = { ...start, batch: oldest }
    for (;;) {
      const page = await cloud.source.changes(scopes, cursor, { limit })
      seen.push(comparable(page))
      cursor = page.next
      if (cursor.batch === page.head.batch && cursor.within === undefined) break
    }
  }
  for (const bad of [{ epoch: 'another', batch: 0 }, { epoch: start.epoch, batch: header.head.batch + 1 }, { epoch: start.epoch, batch: header.head.batch, stamp: 'another' }]) {
    seen.push(await cloud.source.changes(scopes, bad).then(() => 'followed', (error: { code?: string }) => error.code))
  }
  return seen
}

const seeds = [1, 2, 4, 6, 7, 9]

test.each(seeds)('the model and Postgres with origin do the same with history %i', async (seed) => {
  expect(await outcomeOf(openModel, seed)).toEqual(await outcomeOf(openReal, seed))
})

test('and the histories have logs that are compacted, pruned, and compacted while somebody stands inside of a batch', async () => {
  const text = JSON.stringify(await Promise.all(seeds.map((seed) => outcomeOf(openModel, seed))))
  for (const sign of ['"absorbed":', '"POSITION_TOO_OLD"', '"complete":false', '"complete":false,"stamp":"·","after":']) expect(text).toContain(sign)
})
