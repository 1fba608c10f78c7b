import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { entities } from '../../storage/entities.ts'
import { RangeReader } from '../../storage/sqlite/range-rows.ts'
import { ReplicaFile } from '../../storage/sqlite/replica-file.ts'
import { pruneLog } from '../prune.ts'
import { outcomesHeldSince, readingsHeldSince } from '../retention.ts'
import type { ChangesPage, LogCursor, LogSource, SnapshotRows } from '../source.ts'
import { openTestLog, putProduct, putStock, putStore, type TestLog } from './test-log.ts'

export interface SourceUnderTest extends AsyncDisposable {
  /** Follows the scopes `chain` and `store:s1` of the log. */
  readonly source: LogSource
}

const scopes = ['chain', 'store:s1']

/** What every source of the log keeps to. */
export function registerLogSourceTests(name: string, makeSource: (log: TestLog) => Promise<SourceUnderTest>): void {
  describe(`log source: ${name}`, () => {
    let log: TestLog
    let made: SourceUnderTest
    let source: LogSource
    let epoch: string
    beforeEach(async () => {
      log = await openTestLog()
      await log.commit(putStore('s1'), putStore('s2'))
      epoch = await log.epoch()
      made = await makeSource(log)
      source = made.source
    })
    afterEach(async () => {
      await made[Symbol.asyncDispose]()
      await log[Symbol.asyncDispose]()
    })

    const after = (batch: number): LogCursor => ({ epoch, batch })
    const place = (batch: number) => ({ epoch, batch, stamp: expect.any(String) })
    const brief = (page: ChangesPage) => page.parts.map((part) => [part.number, part.complete, ...part.changes.map((change) => `${change.scope} ${change.position} ${change.key.at(-1)}`)])

    test('gives whole batches of the scopes asked for, in order, with the head', async () => {
      await log.commit(putStock('s1', 'p1', 1), putProduct('p1', 'Tea'), putStock('s2', 'p1', 9))
      await log.commit(putStock('s2', 'p1', 8))
      await log.commit(putStock('s1', 'p1', 2))
      const page = await source.changes(scopes, after(1))
      expect(brief(page)).toEqual([[2, true, 'chain 3 p1', 'store:s1 1 p1'], [4, true, 'store:s1 2 p1']])
      expect(page.next).toEqual(place(4))
      expect(page.head).toEqual({ ...place(4), at: expect.any(Number), now: expect.any(Number) })
      expect(page.head.now).toBeGreaterThanOrEqual(page.head.at)
      expect(page.parts[1]?.changes[0]).toEqual({
        scope: 'store:s1', position: 2, entity: 'stock', key: ['s1', 'p1'], op: 'put',
        row: { store_id: 's1', product_id: 'p1', on_hand: 2, reorder_point: null, order_up_to: null, updated_at: 0 },
      })
      expect(page.parts[0]?.at).toBeLessThanOrEqual(page.parts[1]?.at ?? 0)
      expect(page.head.at).toBeGreaterThanOrEqual(page.parts[1]?.at ?? Infinity)
    })

    test('moves on past batches of other scopes', async () => {
      await log.commit(putStock('s2', 'p1', 1))
      const page = await source.changes(scopes, after(1))
      expect(page).toMatchObject({ parts: [], next: after(2), head: { batch: 2 } })
    })

    test('does not claim to be newest while changes wait to be moved', async () => {
      const idle = await source.changes(scopes, after(1))
      await log.write(putStock('s2', 'p1', 1))
      const waiting = await source.changes(scopes, after(1))
      expect(waiting.head.at).toBeLessThanOrEqual(idle.head.at)
      expect(waiting.head.now).toBeGreaterThan(waiting.head.at)
    })

    test('waits for a change of the scopes, and not for others', async () => {
      const waiting = source.changes(scopes, after(1), { waitMs: 30_000 })
      await log.commit(putStock('s2', 'p1', 1))
      await log.commit(putStock('s1', 'p1', 1))
      expect(brief(await waiting)).toEqual([[3, true, 'store:s1 1 p1']])
    })

    test('answers when the wait is over, and stops waiting when asked to', async () => {
      expect(await source.changes(scopes, after(1), { waitMs: 50 })).toMatchObject({ parts: [], next: after(1) })
      const stop = new AbortController()
      const waiting = source.changes(scopes, after(1), { waitMs: 30_000, signal: stop.signal })
      stop.abort()
      await expect(waiting).rejects.toThrow()
    })

    test('keeps batches whole within the limit, and reads a bigger one in parts', async () => {
      const many = Array.from({ length: 5 }, (_unused, i) => [putStock('s1', `p${i}`, i + 10), putProduct(`p${i}`, 'Tea')]).flat()
      await log.commit(putStock('s1', 'p0', 0))
      await log.commit(putStock('s1', 'p1', 0), putProduct('p1', 'Coffee'))
      await log.commit(...many)
      await log.commit(putStock('s1', 'p9', 9))
      const page = await source.changes(scopes, after(1), { limit: 4 })
      expect(brief(page).map(([number, complete, ...changes]) => [number, complete, changes.length])).toEqual([[2, true, 1], [3, true, 2]])
      expect(page.next).toEqual(place(3))
      for (const limit of [1, 2, 3, 4, 7]) {
        let cursor = page.next
        const parts = []
        while (cursor.batch < 5) {
          const part = await source.changes(scopes, cursor, { limit })
          expect(part.parts.flatMap(({ changes }) => changes).length).toBeLessThanOrEqual(limit)
          parts.push(...part.parts)
          cursor = part.next
        }
        expect(parts.filter(({ complete }) => complete).map(({ number }) => number)).toEqual([4, 5])
        const positions = parts.filter(({ number }) => number === 4).flatMap(({ changes }) => changes.map(({ scope, position }) => [scope, position]))
        const store = Array.from({ length: 5 }, (_unused, i) => ['store:s1', 3 + i])
        expect(positions).toEqual([...Array.from({ length: 5 }, (_unused, i) => ['chain', 4 + i]), ...store])
      }
    })

    test('refuses a place of another epoch, ahead of the log, or out of its reach', async () => {
      await log.commit(putStock('s1', 'p1', 1))
      await log.commit(putStock('s1', 'p1', 2))
      await expect(source.changes(scopes, { epoch: 'another', batch: 1 })).rejects.toMatchObject({ code: 'EPOCH_MISMATCH' })
      await expect(source.changes(scopes, after(4))).rejects.toMatchObject({ code: 'POSITION_AHEAD' })
      await log.storage.pool.query('delete from log where batch <= 2; delete from log_batch where batch <= 2')
      await expect(source.changes(scopes, after(1))).rejects.toMatchObject({ code: 'POSITION_TOO_OLD' })
      expect(brief(await source.changes(scopes, after(2)))).toEqual([[3, true, 'store:s1 2 p1']])
      await expect(source.changes(scopes, { ...after(2), within: { scope: 'store:s1', position: 1 } })).rejects.toMatchObject({ code: 'POSITION_TOO_OLD' })
    })

    test('refuses a place in another log that has the same numbers', async () => {
      const { next } = await source.changes(scopes, after(1))
      await log.commit(...Array.from({ length: 5 }, (_unused, i) => putStock('s1', `p${i}`, i)))
      const inside = await source.changes(scopes, next, { limit: 2 })
      expect(inside.parts).toMatchObject([{ number: 2, complete: false }])
      // The cloud is taken back to batch 1, and goes on otherwise.
      await log.storage.pool.query("delete from log where batch > 1; delete from log_batch where batch > 1; delete from log_scope where scope = 'store:s1'; update log_fence set batch = 1")
      await expect(source.changes(scopes, { ...next, within: { scope: 'chain', position: 3, batch: 2 } })).rejects.toMatchObject({ code: 'POSITION_AHEAD' })
      await log.commit(...Array.from({ length: 6 }, (_unused, i) => putStock('s1', `q${i}`, i)))
      await expect(source.changes(scopes, inside.next, { limit: 2 })).rejects.toMatchObject({ code: 'LOG_DIVERGED' })
      expect((await source.changes(scopes, next)).parts).toHaveLength(1)
      const { stamp } = inside.next.within ?? {}
      await expect(source.changes(scopes, { ...after(2), ...(stamp === undefined ? {} : { stamp }) })).rejects.toMatchObject({ code: 'LOG_DIVERGED' })
    })

    test('refuses a place in another log whose batch is gone since, and with it what would tell them apart', async () => {
      await log.commit(putStock('s1', 'p1', 1))
      const { next } = await source.changes(scopes, after(1))
      expect(next).toEqual(place(2))
      // The cloud is taken back to batch 1, goes on otherwise, and drops what is old.
      await log.storage.pool.query("delete from log where batch > 1; delete from log_batch where batch > 1; delete from log_scope where scope = 'store:s1'; update log_fence set batch = 1")
      await log.commit(putStock('s1', 'p2', 1))
      await log.commit(putStock('s1', 'p3', 1))
      await pruneLog(log.storage.pool, 2)
      await expect(source.changes(scopes, next)).rejects.toMatchObject({ code: 'POSITION_TOO_OLD', details: { oldest: 2 } })
      expect(brief(await source.changes(scopes, after(2)))).toEqual([[3, true, 'store:s1 2 p3']])
    })

    test('gives a copy of the scopes with the place it belongs to', async () => {
      const now = Date.now()
      await log.write(`select ensure_reading_partition(${now}), ensure_reading_partition(${now - 40 * 86_400_000})`)
      const old = readingsHeldSince(now) - 1
      await log.commit(
        putStock('s1', 'p1', 1), putStock('s2', 'p1', 2), putProduct('p1', 'Tea'),
        "insert into trending (store_id, items) values ('', '[]'), ('s1', '[[\"p1\",1.5]]'), ('s2', '[]')",
        `insert into edge_operation (store_id, incarnation, n, operation_id, payload_hash, outcome, recorded_at)
           values ('s1', 'i', 1, 'o1', 'h', '{}', ${outcomesHeldSince(now) - 1}), ('s1', 'i', 2, 'o2', 'h', '{}', ${now}), ('s2', 'i', 1, 'o3', 'h', '{}', ${now})`,
        `insert into reading (device_id, metric, at, value, store_id) values ('d', 'celsius', ${now}, -18.25, 's1'), ('d', 'celsius', ${old}, 1, 's1'), ('e', 'celsius', ${now}, 1, 's2')`,
      )
      const { header, chunks } = await source.snapshot(scopes)
      expect(header).toEqual({ head: { ...place(2), at: expect.any(Number), now: header.head.at }, consistentFrom: 2, positions: { chain: 4, 'store:s1': 5 }, rows: 8 })
      const rows = await collect(chunks)
      expect(rows.store?.map((row) => row.id).toSorted()).toEqual(['s1', 's2'])
      expect(rows.trending?.map((row) => row.store_id).toSorted()).toEqual(['', 's1'])
      expect(rows.stock).toEqual([{ store_id: 's1', product_id: 'p1', on_hand: 1, reorder_point: null, order_up_to: null, updated_at: 0 }])
      expect(rows.edge_operation?.map((row) => row.operation_id)).toEqual(['o2'])
      expect(rows.reading).toEqual([{ device_id: 'd', metric: 'celsius', at: now, value: -18.25, store_id: 's1' }])
    })

    test('copies only the entities asked for', async () => {
      await log.commit(putStock('s1', 'p1', 1), putProduct('p1', 'Tea'))
      const { header, chunks } = await source.snapshot(scopes, { entities: ['product'] })
      expect(header.rows).toBe(1)
      expect(Object.keys(await collect(chunks))).toEqual(['product'])
    })

    test('says from which batch on a copy that shows unmoved commits agrees with the log', async () => {
      await log.write(putStock('s1', 'p1', 1))
      const { header, chunks } = await source.snapshot(scopes)
      expect(header).toMatchObject({ head: { batch: 1 }, consistentFrom: 2 })
      expect((await collect(chunks)).stock).toHaveLength(1)
    })

    test('gives a copy that agrees with the log at once where only commits of others are unmoved', async () => {
      await log.write(putStock('s2', 'p1', 1))
      const { header, chunks } = await source.snapshot(scopes)
      expect(header).toMatchObject({ head: { batch: 1 }, consistentFrom: 1 })
      expect((await collect(chunks)).stock).toBeUndefined()
      expect((await source.ranges?.digests(scopes, { entity: 'product', columns: [] }))?.header).toMatchObject({ head: { batch: 1 }, consistentFrom: 1 })
    })

    test('gives a copy that agrees with the log where commits are moved soon', async () => {
      await log.write(putStock('s1', 'p1', 1))
      const [{ header, chunks }] = await Promise.all([source.snapshot(scopes), log.move()])
      expect(header.consistentFrom).toBe(header.head.batch)
      expect((await collect(chunks)).stock).toHaveLength(1)
    })

    test('says what ranges of rows add up to as a replica does, whatever they hold', async () => {
      const texts = ['', 'Café ñ 💡', 'a:b;c-', '0']
      await log.commit(
        ...texts.map((text, i) => `insert into product (id, name, description) values ('p${i}', '${text}', ${i % 2 === 0 ? 'null' : `'${text}'`})`),
        "insert into store (id, name, timezone, latitude, longitude) values ('far', 'Far', 'Europe/Madrid', '-0', 1e-7), ('near', 'Near', 'Europe/Madrid', 52.5, 1e21)",
        "insert into stock (store_id, product_id, on_hand, updated_at) select 's1', 'p' || i, i, 0 from generate_series(1, 700) i",
      )
      using file = new ReplicaFile(':memory:', { scopes, entities: ['product', 'store', 'stock'], extensions: [], building: true })
      const { chunks } = await source.snapshot(scopes)
      for await (const chunk of chunks) file.addRows(chunk)
      for (const entity of ['product', 'store', 'stock'] as const) {
        const columns = Object.keys(entities[entity].columns)
        const { header, ranges } = (await source.ranges?.digests(scopes, { entity, columns })) ?? {}
        expect(header).toMatchObject({ head: place(2), consistentFrom: 2 })
        const reader = new RangeReader(file.connection, entity)
        expect(ranges?.map((range) => reader.matching(range)?.length)).toEqual(entity === 'stock' ? [256, 256, 188] : [4])
        expect(ranges?.[0]?.after).toBeNull()
        expect(ranges?.at(-1)?.through).toBeNull()
        // A column that the source does not know counts as null.
        const more = await source.ranges?.digests(scopes, { entity, columns: [...columns, 'of tomorrow'] })
        expect(more?.ranges.map(({ rows }) => rows)).toEqual(ranges?.map(({ rows }) => rows))
        expect(more?.ranges[0]?.digest).not.toBe(ranges?.[0]?.digest)
      }
      file.connection.exec("update stock set on_hand = on_hand + 1 where product_id = 'p300'")
      const { ranges = [] } = (await source.ranges?.digests(scopes, { entity: 'stock', columns: Object.keys(entities.stock.columns) })) ?? {}
      const reader = new RangeReader(file.connection, 'stock')
      const differing = ranges.filter((range) => reader.matching(range) === null)
      expect(differing).toHaveLength(1)
      const [range] = differing
      if (range === undefined) throw new Error('a range differs')
      const got = await source.ranges?.rows(scopes, { entity: 'stock', columns: [], range, limit: 100 })
      expect(got?.rows).toHaveLength(100)
      const rest = await source.ranges?.rows(scopes, { entity: 'stock', columns: [], range: { after: got?.through ?? null, through: range.through }, limit: 1_000 })
      expect([...(got?.rows ?? []), ...(rest?.rows ?? [])].map((row) => row.product_id)).toContain('p300')
      expect(rest?.rows).toHaveLength(156)
      expect(rest?.through).toEqual(range.through)
    })

    test('copies more than fits into one chunk', async () => {
      await log.commit("insert into stock (store_id, product_id, on_hand, updated_at) select 's1', 'p' || i, i, 0 from generate_series(1, 2500) i")
      const { header, chunks } = await source.snapshot(scopes, { entities: ['stock'] })
      expect(header.rows).toBe(2_500)
      const { stock = [] } = await collect(chunks)
      expect(new Set(stock.map((row) => row.product_id)).size).toBe(2_500)
    })
  })
}

async function collect(chunks: AsyncIterable<SnapshotRows>): Promise<Record<string, Readonly<Record<string, unknown>>[]>> {
  const found: Record<string, Readonly<Record<string, unknown>>[]> = {}
  for await (const { entity, rows } of chunks) (found[entity] ??= []).push(...rows)
  return found
}
