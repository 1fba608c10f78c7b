import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { BatchPart, SnapshotHeader } from '../../log/source.ts'
import type { Change } from '../../shared/changes.ts'
import { outcomeRetentionMs, readingRetentionMs, type EntityName } from '../entities.ts'
import type { AppliedChange, ReplicaExtension } from './extension.ts'
import { openReplica, type Replica, type ReplicaOptions } from './replica.ts'

const scopes = ['chain', 'store:s']
const start = Date.UTC(2026, 0, 20, 12)

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aisle-replica-'))
  file = join(folder, 'replica.db')
})
afterEach(() => rm(folder, { recursive: true }))

function open(options: Partial<ReplicaOptions> = {}): Replica {
  return openReplica({ file, scopes, ...options })
}

function header(at: number, more: Partial<SnapshotHeader> = {}): SnapshotHeader {
  return { head: { epoch: 'e', batch: at, at: start, now: start }, consistentFrom: at, positions: { chain: 10, 'store:s': 20 }, rows: 2, ...more }
}

function product(id: string, name: string, position: number): Change {
  return { scope: 'chain', position, entity: 'product', key: [id], op: 'put', row: { id, name, description: null, brand: null, category_id: 'c', gtin: null, attributes: '[]', image_url: null } }
}

function stock(productId: string, onHand: number, position: number): Change {
  const row = { store_id: 's', product_id: productId, on_hand: onHand, reorder_point: null, order_up_to: null, updated_at: start }
  return { scope: 'store:s', position, entity: 'stock', key: ['s', productId], op: 'put', row }
}

function batch(number: number, changes: readonly Change[], more: Partial<BatchPart> = {}): BatchPart {
  return { number, at: start + number, changes, complete: true, ...more }
}

function fill(replica: Replica, from = header(5)): void {
  replica.beginSnapshot(from)
  replica.snapshotRows({ entity: 'product', rows: [product('p1', 'Tea', 1).row ?? {}] })
  replica.snapshotRows({ entity: 'stock', rows: [stock('p1', 3, 1).row ?? {}] })
  replica.finishSnapshot()
}

function read(replica: Replica, statement: string): Record<string, unknown>[] {
  using connection = replica.reader()
  return connection.prepare(statement).all().map((row) => ({ ...row }))
}

describe('a copy', () => {
  test('takes its place in one step, with its position, and survives being opened again', () => {
    {
      using replica = open()
      expect(replica.needsSnapshot).toBe(true)
      expect(replica.cursor()).toBeNull()
      fill(replica)
      expect(replica.generation).toBe(2)
    }
    using again = open()
    expect(again.needsSnapshot).toBe(false)
    expect(again.state()).toMatchObject({ position: { epoch: 'e', batch: 5 }, asOf: start, positions: { chain: 10, 'store:s': 20 } })
    expect(read(again, 'select id, name from product')).toEqual([{ id: 'p1', name: 'Tea' }])
  })

  test('leaves the present one serving until it is complete, also for a reader that stays', () => {
    using replica = open()
    fill(replica)
    using reader = replica.reader()
    reader.exec('begin')
    const names = reader.prepare('select name from product')
    expect(names.get()?.name).toBe('Tea')
    replica.beginSnapshot(header(9))
    replica.snapshotRows({ entity: 'product', rows: [product('p2', 'Coffee', 1).row ?? {}] })
    expect(read(replica, 'select name from product')).toEqual([{ name: 'Tea' }])
    replica.apply([batch(6, [stock('p1', 4, 21)])])
    replica.finishSnapshot()
    expect(names.get()?.name).toBe('Tea')
    reader.close()
    expect(read(replica, 'select name from product')).toEqual([{ name: 'Coffee' }])
    replica.apply([batch(10, [stock('p2', 1, 21)])])
    replica.close()
    using again = open()
    expect(read(again, 'select product_id from stock')).toEqual([{ product_id: 'p2' }])
  })

  test('that was broken off is dropped, and one that only lacked its name gets it', () => {
    {
      using replica = open()
      fill(replica)
      replica.beginSnapshot(header(9))
      replica.snapshotRows({ entity: 'product', rows: [product('p2', 'Coffee', 1).row ?? {}] })
    }
    expect(existsSync(`${file}.new`)).toBe(true)
    {
      using replica = open()
      expect(existsSync(`${file}.new`)).toBe(false)
      expect(replica.position()).toEqual({ epoch: 'e', batch: 5 })
    }
    {
      using other = openReplica({ file: join(folder, 'other.db'), scopes })
      fill(other, header(12))
    }
    const renamed = new DatabaseSync(join(folder, 'other.db'))
    renamed.exec(`vacuum into '${file}.ready'`)
    renamed.close()
    using replica = open()
    expect(replica.position()).toEqual({ epoch: 'e', batch: 12 })
  })

  test('must reach the first consistent batch before it can serve', () => {
    using replica = open()
    replica.beginSnapshot(header(5, { consistentFrom: 6 }))
    expect(replica.caughtUp).toBe(false)
    expect(() => replica.finishSnapshot()).toThrow('catchUp')
    const head = { epoch: 'e', batch: 6, at: start + 60, now: start + 60 }
    replica.catchUp({ parts: [batch(6, [product('p1', 'Tea', 11)])], next: { epoch: 'e', batch: 6 }, head })
    expect(replica.caughtUp).toBe(true)
    replica.finishSnapshot()
    expect(replica.state()).toMatchObject({ position: { batch: 6 }, asOf: start + 60 })
    expect(read(replica, 'select id from product')).toEqual([{ id: 'p1' }])
  })
})

describe('changes', () => {
  test('are applied once however often they come, with the rows they replaced', () => {
    using replica = open()
    fill(replica)
    const six = batch(6, [stock('p1', 7, 21), { scope: 'chain', position: 11, entity: 'product', key: ['p1'], op: 'delete', row: null }])
    const [applied] = replica.apply([six])
    expect(applied?.changes.map((change) => change.previous)).toMatchObject([{ on_hand: 3 }, { name: 'Tea' }])
    expect(replica.apply([six])).toEqual([])
    expect(replica.positions()).toEqual({ chain: 11, 'store:s': 21 })
    expect(read(replica, 'select on_hand from stock')).toEqual([{ on_hand: 7 }])
    expect(read(replica, 'select id from product')).toEqual([])
  })

  test('with a position missing are refused whole', () => {
    using replica = open()
    fill(replica)
    expect(() => replica.apply([batch(6, [stock('p1', 7, 21), stock('p2', 1, 23)])])).toThrow(expect.objectContaining({ code: 'LOG_GAP' }))
    expect(() => replica.apply([batch(6, [{ ...stock('p1', 7, 1), scope: 'store:other' }])])).toThrow(expect.objectContaining({ code: 'LOG_GAP' }))
    expect(replica.state()).toMatchObject({ position: { batch: 5 }, positions: { 'store:s': 20 } })
    expect(read(replica, 'select on_hand from stock')).toEqual([{ on_hand: 3 }])
  })

  test('of a batch in parts stay out of sight until the last, across a restart', () => {
    {
      using replica = open()
      fill(replica)
      expect(replica.apply([batch(6, [product('p2', 'Coffee', 11), stock('p1', 9, 21)], { complete: false })])).toEqual([])
      expect(replica.cursor()).toEqual({ epoch: 'e', batch: 5, within: { scope: 'store:s', position: 21, batch: 6 } })
      expect(read(replica, 'select on_hand from stock')).toEqual([{ on_hand: 3 }])
    }
    using replica = open()
    expect(replica.cursor()).toEqual({ epoch: 'e', batch: 5, within: { scope: 'store:s', position: 21, batch: 6 } })
    const [applied] = replica.apply([batch(6, [stock('p2', 1, 22)])])
    expect(applied?.changes.map(({ entity, position }) => [entity, position])).toEqual([['product', 11], ['stock', 21], ['stock', 22]])
    expect(replica.cursor()).toEqual({ epoch: 'e', batch: 6 })
    expect(read(replica, 'select count(*) as n from replica_staged')).toEqual([{ n: 0 }])
    expect(read(replica, 'select on_hand from stock order by product_id')).toEqual([{ on_hand: 9 }, { on_hand: 1 }])
  })

  test('of a batch whose end never comes are forgotten', () => {
    using replica = open()
    fill(replica)
    replica.stage(batch(6, [product('p2', 'Coffee', 11)], { complete: false }))
    expect(() => replica.apply([batch(7, [stock('p1', 9, 21)])])).toThrow(expect.objectContaining({ code: 'LOG_GAP' }))
    expect(replica.cursor()).toEqual({ epoch: 'e', batch: 5 })
    replica.apply([batch(6, [product('p2', 'Coffee', 11)]), batch(7, [stock('p1', 9, 21)])])
    expect(replica.position()).toEqual({ epoch: 'e', batch: 7 })
  })

  test('of entities and columns that only a newer cloud knows are passed over', () => {
    using replica = open()
    fill(replica)
    const unknown: Change = { scope: 'chain', position: 11, entity: 'planogram' as EntityName, key: ['x'], op: 'put', row: { id: 'x' } }
    const wider = product('p2', 'Coffee', 12)
    replica.apply([batch(6, [unknown, { ...wider, row: { ...wider.row, allergens: ['nuts'] } }])])
    expect(read(replica, "select name from product where id = 'p2'")).toEqual([{ name: 'Coffee' }])
    expect(replica.positions().chain).toBe(12)
  })

  test('move the age on even when there are none', () => {
    using replica = open()
    fill(replica)
    replica.advance({ epoch: 'e', batch: 8, at: start + 500, now: start + 500 })
    expect(replica.state()).toMatchObject({ position: { batch: 8 }, asOf: start + 500 })
    replica.advance({ epoch: 'other', batch: 9, at: start + 900, now: start + 900 })
    replica.advance({ epoch: 'e', batch: 7, at: start + 900, now: start + 900 })
    expect(replica.state()).toMatchObject({ position: { epoch: 'e', batch: 8 }, asOf: start + 500 })
  })

  test('leave readings of seven days', () => {
    using replica = open()
    fill(replica)
    const reading = (at: number, position: number): Change => ({
      scope: 'store:s', position, entity: 'reading', key: ['d', 'celsius', at], op: 'put', row: { device_id: 'd', metric: 'celsius', at, value: -18.5, store_id: 's' },
    })
    const old = start - readingRetentionMs + 1
    replica.apply([batch(6, [reading(old, 21), reading(start, 22)])])
    expect(read(replica, 'select count(*) as n from reading')).toEqual([{ n: 2 }])
    replica.apply([batch(7, [stock('p1', 1, 23)], { at: start + 3_600_000 })])
    expect(read(replica, 'select at, value from reading')).toEqual([{ at: start, value: -18.5 }])
    expect(replica.state()?.readingsSince).toBe(start + 3_600_000 - readingRetentionMs)
  })
})

test('outcomes of writes are held for their time, and dropped with the hour', () => {
  using replica = open()
  fill(replica)
  const outcome = (n: number, recordedAt: number): Change => ({
    scope: 'store:s', position: 20 + n, entity: 'edge_operation', key: ['s', 'i', n], op: 'put',
    row: { store_id: 's', incarnation: 'i', n, operation_id: `o${n}`, payload_hash: 'h', outcome: '{}', recorded_at: recordedAt },
  })
  replica.apply([batch(6, [outcome(1, start - outcomeRetentionMs), outcome(2, start)])])
  expect(read(replica, 'select n from edge_operation')).toEqual([{ n: 1 }, { n: 2 }])
  replica.apply([batch(7, [stock('p1', 1, 23)], { at: start + 3_600_000 })])
  expect(read(replica, 'select n from edge_operation')).toEqual([{ n: 2 }])
})

describe('what is derived', () => {
  const seen: (readonly AppliedChange[])[] = []
  const count = (version: number): ReplicaExtension => ({
    name: 'count',
    version,
    create: (connection) => connection.exec('create table counted (made integer, n integer)'),
    rebuild(connection) {
      connection.exec('delete from counted')
      connection.prepare('insert into counted select ?, count(*) from product').run(version)
    },
    apply(connection, changes) {
      seen.push(changes)
      connection.exec('update counted set n = (select count(*) from product)')
    },
  })

  test('follows copies and changes, and is made anew for another version', () => {
    {
      using replica = open({ extensions: [count(1)] })
      fill(replica)
      expect(read(replica, 'select * from counted')).toEqual([{ made: 1, n: 1 }])
      replica.apply([batch(6, [product('p2', 'Coffee', 11), product('p1', 'Green tea', 12)])])
      expect(seen.at(-1)?.map((change) => change.previous?.name ?? null)).toEqual([null, 'Tea'])
      expect(read(replica, 'select * from counted')).toEqual([{ made: 1, n: 2 }])
    }
    {
      using without = open()
      without.apply([batch(7, [product('p3', 'Cocoa', 13)])])
    }
    {
      using replica = open({ extensions: [count(1)] })
      expect(read(replica, 'select * from counted')).toEqual([{ made: 1, n: 3 }])
    }
    using replica = open({ extensions: [count(2)] })
    expect(read(replica, 'select * from counted')).toEqual([{ made: 2, n: 3 }])
  })

  test('leaves rows and position alone when it fails', () => {
    const failing: ReplicaExtension = { ...count(1), apply: () => { throw new Error('no') } }
    using replica = open({ extensions: [failing] })
    fill(replica)
    expect(() => replica.apply([batch(6, [product('p2', 'Coffee', 11)])])).toThrow('no')
    expect(replica.position()).toEqual({ epoch: 'e', batch: 5 })
    expect(read(replica, 'select count(*) as n from product')).toEqual([{ n: 1 }])
  })
})

describe('a file', () => {
  test('of other scopes or that is no database is put aside', async () => {
    {
      using replica = open()
      fill(replica)
    }
    {
      using other = open({ scopes: ['chain', 'store:other'] })
      expect(other.position()).toBeNull()
    }
    await writeFile(file, 'not a database, though long enough to look like one'.repeat(100))
    const told: unknown[] = []
    using replica = open({ onPutAside: (aside, why) => told.push(aside, why) })
    expect(replica.needsSnapshot).toBe(true)
    expect(existsSync(`${file}.damaged`)).toBe(true)
    expect(told).toEqual([`${file}.damaged`, expect.objectContaining({ message: expect.stringContaining('not a database') })])
  })

  test('of other entities still serves, and asks for a fresh copy', () => {
    {
      using replica = open({ entities: ['product', 'category'] })
      fill(replica)
      expect(read(replica, "select name from sqlite_schema where name = 'stock'")).toEqual([])
      expect(replica.needsSnapshot).toBe(false)
    }
    using replica = open()
    expect(replica.needsSnapshot).toBe(true)
    expect(read(replica, 'select name from product')).toEqual([{ name: 'Tea' }])
    fill(replica)
    expect(replica.needsSnapshot).toBe(false)
  })
})
