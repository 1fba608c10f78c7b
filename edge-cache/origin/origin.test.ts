import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Agent, request } from 'undici'
import { putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { payloadHash } from '../../subgraphs/shared/once.ts'
import { createInventoryCommands } from '../../subgraphs/inventory/postgres-commands.ts'
import type { DeliveredOperation } from '../protocol.ts'
import { movement, protocolHeaders, startTestOrigin, type TestOrigin } from './testing/test-origin.ts'

let origin: TestOrigin
const dispatcher = new Agent()
beforeAll(async () => {
  origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putStore('s2'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 0), "insert into device (id, store_id, kind) values ('d1', 's1', 'FREEZER')")
})
afterAll(async () => {
  await origin[Symbol.asyncDispose]()
  await dispatcher.close()
})

async function get(path: string, headers: Record<string, string> = protocolHeaders) {
  const response = await request(origin.url + path, { dispatcher, headers })
  const bytes = Buffer.from(await response.body.arrayBuffer())
  return { status: response.statusCode, headers: response.headers, bytes, json: () => JSON.parse(bytes.toString()) as Record<string, unknown> }
}

async function deliver(operations: readonly DeliveredOperation[], storeId = 's1'): Promise<{ outcome?: { result: unknown; userErrors: { code: string }[] }; fault?: { code: string } }[]> {
  const response = await request(`${origin.url}/sync/stores/${storeId}/operations`, {
    dispatcher, method: 'POST', headers: { ...protocolHeaders, 'content-type': 'application/json' }, body: JSON.stringify({ operations }),
  })
  const answer = (await response.body.json()) as { outcomes: Awaited<ReturnType<typeof deliver>> }
  expect({ status: response.statusCode, answer }).toMatchObject({ status: 200 })
  return answer.outcomes
}

async function onHand(): Promise<number> {
  const row = await origin.log.storage.db.selectFrom('stock').select('on_hand').where('store_id', '=', 's1').executeTakeFirstOrThrow()
  return row.on_hand
}

describe('origin', () => {
  test('is ready once a sequencer is at work, and shows its figures', async () => {
    while ((await get('/health/ready')).status !== 200) await sleep(10)
    expect((await get('/health/live')).status).toBe(200)
    const figures = (await get('/metrics')).bytes.toString()
    for (const name of ['aisle_log_head_batch', 'aisle_sequencer_backlog_changes', 'aisle_origin_followers_waiting', 'aisle_sequencer_tick_seconds_count']) expect(figures).toContain(name)
  })

  test('refuses who does not speak its protocol, who is no store, and what it can not read', async () => {
    const mute = await get('/sync/stores/s1/changes?epoch=e&after=0', {})
    expect(mute).toMatchObject({ status: 400, headers: { 'aisle-protocol': '1', 'cache-control': 'no-store' } })
    expect(mute.json()).toMatchObject({ error: { code: 'PROTOCOL_UNSUPPORTED', details: { supported: ['1'] } } })
    expect((await get('/sync/stores/s1/changes?epoch=e&after=0', { 'aisle-protocol': '2' })).json()).toMatchObject({ error: { code: 'PROTOCOL_UNSUPPORTED' } })
    expect(await get('/sync/stores/none/changes?epoch=e&after=0')).toMatchObject({ status: 404 })
    expect((await get('/sync/stores/none/snapshot')).json()).toMatchObject({ error: { code: 'STORE_UNKNOWN' } })
    expect((await get('/sync/stores/s1/changes?after=x')).json()).toMatchObject({ error: { code: 'BAD_REQUEST' } })
    expect((await get('/sync/elsewhere')).json()).toMatchObject({ error: { code: 'BAD_REQUEST' } })
    expect(await get('/sync/stores/s1/changes?epoch=e&after=0')).toMatchObject({ status: 409, headers: { 'cache-control': 'no-store' } })
  })

  test('packs answers for who can unpack them', async () => {
    await origin.log.write(...Array.from({ length: 50 }, (_unused, i) => putProduct(`x${i}`, 'A name long enough to be worth it')))
    const { pool } = origin.log.storage
    while (((await pool.query('select from outbox limit 1')).rowCount ?? 0) > 0) await sleep(5)
    const epoch = await origin.log.epoch()
    const path = `/sync/stores/s1/changes?epoch=${epoch}&after=0&limit=10000`
    const plain = await get(path)
    const packed = await get(path, { ...protocolHeaders, 'accept-encoding': 'gzip' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 3)
    expect(JSON.parse(gunzipSync(packed.bytes).toString())).toMatchObject({ parts: plain.json().parts })
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync, identity: (bytes: Buffer) => bytes }
    for (const [encoding, unpacked] of Object.entries(unpack)) {
      const snapshot = await get('/sync/stores/s1/snapshot', { ...protocolHeaders, 'accept-encoding': encoding })
      expect(snapshot.headers).toMatchObject({ 'content-type': 'application/x-ndjson', ...(encoding === 'identity' ? {} : { 'content-encoding': encoding }) })
      const lines = unpacked(snapshot.bytes).toString().trimEnd().split('\n')
      const header = JSON.parse(lines[0] ?? '') as { rows: number }
      expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ end: { rows: header.rows } })
    }
  })

  test('lets go of who waits when it stops', async () => {
    await using other = await startTestOrigin(origin.log)
    const { rows: [fence] } = await origin.log.storage.pool.query<{ epoch: string; batch: number }>('select epoch, batch from log_fence')
    const waiting = request(`${other.url}/sync/stores/s2/changes?epoch=${fence?.epoch}&after=${fence?.batch}&wait=30000`, { dispatcher, headers: protocolHeaders })
    while (!(await other.context.metrics.getSingleMetricAsString('aisle_origin_followers_waiting')).includes('} 1')) await sleep(5)
    await other.role[Symbol.asyncDispose]()
    const { statusCode, body } = await waiting
    expect({ statusCode, body: await body.json() }).toMatchObject({ statusCode: 503, body: { error: { code: 'SHUTTING_DOWN' } } })
  })
})

describe('writes of a store', () => {
  test('count once however often they are delivered, also at the same time and in the cloud directly', async () => {
    const before = await onHand()
    const three = [movement(1, 5), movement(2, 7), movement(3, -2)]
    const first = await deliver(three)
    expect(first.map(({ outcome }) => outcome?.userErrors)).toEqual([[], [], []])
    const again = await Promise.all(Array.from({ length: 5 }, () => deliver(three)))
    for (const answer of again) expect(answer).toEqual(first)
    expect(await onHand()).toBe(before + 10)
    await createInventoryCommands(origin.log.storage).recordMovement(
      { operationId: 'op-1', storeId: 's1', productId: 'p1', kind: 'RECEIPT', quantity: 5, occurredAt: null },
      { principal: 'staff', now: Date.now() },
    )
    const restarted = await deliver(three.map((operation) => ({ ...operation, incarnation: 'i2' })))
    expect(restarted.map(({ outcome }) => outcome?.result)).toEqual(first.map(({ outcome }) => outcome?.result))
    expect(await onHand()).toBe(before + 10)
  })

  test('that are refused or faulty leave the others alone', async () => {
    const before = await onHand()
    const broken = movement(12, 4)
    const answers = await deliver([
      movement(10, 1, {}, { productId: 'unknown' }),
      movement(11, 3),
      { ...broken, payload: { ...(broken.payload as object), quantity: 400 } },
      movement(13, 4, {}, { storeId: 's2' }),
      movement(14, 4, { kind: 'recordMiracle' }),
      movement(15, 4, {}, { quantity: 'many' }),
      movement(16, 6),
      movement(17, 1, {}, { operationId: 'what an older node took\0' }),
    ])
    expect(answers.map(({ outcome, fault }) => fault?.code ?? outcome?.userErrors[0]?.code ?? 'done')).toEqual([
      'PRODUCT_NOT_FOUND', 'done', 'BAD_REQUEST', 'OUT_OF_SCOPE', 'BAD_REQUEST', 'BAD_REQUEST', 'done', 'INVALID_QUANTITY',
    ])
    expect(await onHand()).toBe(before + 9)
    const kept = await origin.log.storage.db.selectFrom('edge_operation').select('n').where('incarnation', '=', 'i1').where('n', '>=', 10).orderBy('n').execute()
    expect(kept.map(({ n }) => n)).toEqual([10, 11, 16, 17])
  })

  test('under a number that was used before for something else are refused', async () => {
    await deliver([movement(20, 1)])
    const before = await onHand()
    const [answer] = await deliver([movement(20, 2, {}, { operationId: 'op-20b' })])
    expect(answer?.outcome?.userErrors[0]?.code).toBe('OPERATION_ID_REUSED')
    expect(await onHand()).toBe(before)
  })

  test('are counts and readings too', async () => {
    const count = { operationId: 'count-1', storeId: 's1', productId: 'p1', counted: 42, countedAt: null }
    const readings = { operationId: 'read-1', deviceId: 'd1', readings: [{ metric: 'celsius', at: Date.now(), value: -18.5 }] }
    const envelope = (n: number, kind: string, payload: { operationId: string }): DeliveredOperation => ({
      incarnation: 'i1', n, operationId: payload.operationId, principal: 'staff', kind, payload, hash: payloadHash({ kind, payload }), receivedAt: Date.now(),
    })
    const answers = await deliver([envelope(30, 'recordStockCount', count), envelope(31, 'reportReadings', readings)])
    expect(answers.map(({ outcome }) => outcome?.userErrors)).toEqual([[], []])
    expect(await onHand()).toBe(42)
    expect(await origin.log.storage.db.selectFrom('reading').select(['value', 'store_id']).execute()).toEqual([{ value: -18.5, store_id: 's1' }])
  })

  test('one that Postgres holds up too long is reported, holds up no other, and can come again', async () => {
    await origin.log.write(putProduct('p9', 'Held'), putStock('s1', 'p9', 0))
    await using impatient = await startTestOrigin(origin.log, 0, { statementTimeout: 50 })
    const send = async () => {
      const response = await request(`${impatient.url}/sync/stores/s1/operations`, {
        dispatcher, method: 'POST', headers: { ...protocolHeaders, 'content-type': 'application/json' },
        body: JSON.stringify({ operations: [movement(90, 1, {}, { productId: 'p9' }), movement(91, 1)] }),
      })
      const { outcomes } = (await response.body.json()) as { outcomes: unknown[] }
      return outcomes
    }
    const holder = await origin.log.storage.pool.connect()
    await holder.query("begin; select from stock where product_id = 'p9' for update")
    expect(await send()).toMatchObject([{ n: 90, fault: { code: 'DATABASE_TIMEOUT' } }, { n: 91, outcome: { userErrors: [] } }])
    await holder.query('rollback')
    holder.release()
    expect(await send()).toMatchObject([{ n: 90, outcome: { userErrors: [] } }, { n: 91, outcome: { userErrors: [] } }])
  })

  test('enter the log with their outcome in the batch of their effect', async () => {
    await deliver([movement(40, 8)])
    const { pool } = origin.log.storage
    const batchOf = async (entity: string, condition: string) => (await pool.query<{ batch: number }>(`select batch from log where scope = 'store:s1' and entity = $1 and ${condition} order by position desc limit 1`, [entity])).rows[0]?.batch
    let recorded: number | undefined
    while (recorded === undefined) recorded = await batchOf('edge_operation', "key ->> 2 = '40'")
    expect(await batchOf('stock', "key ->> 1 = 'p1'")).toBe(recorded)
    const { rows } = await pool.query("select from log where entity = 'edge_operation' and key ->> 2 = '40'")
    expect(rows).toHaveLength(1)
  })
})
