import { expect, test } from '@jest/globals'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { chainScope, storeScope } from '../../../subgraphs/storage/entities.ts'
import { openReplica, type Replica } from '../../../subgraphs/storage/sqlite/replica.ts'
import { Outbox } from './outbox/outbox.ts'
import { createOverlay } from './overlay/overlay.ts'
import { ReaderPool } from './readers.ts'
import { ReplicaWriter } from './replica-writer.ts'
import { scratchFolder } from './testing/conditions.ts'

const stock = (onHand: number) => ({ store_id: 's1', product_id: 'p1', on_hand: onHand, reorder_point: null, order_up_to: null, updated_at: 1 })

/** Fills the replica with one level, as a copy of this epoch. */
function copy(replica: Replica, epoch: string, onHand: number): void {
  replica.beginSnapshot({ head: { epoch, batch: 1, at: 1, now: 1 }, consistentFrom: 1, positions: { 'store:s1': 1 }, rows: 1 })
  replica.snapshotRows({ entity: 'store', rows: [{ id: 's1', name: 'One', timezone: 'UTC' }] })
  replica.snapshotRows({ entity: 'stock', rows: [stock(onHand)] })
  replica.finishSnapshot()
}

function change(replica: Replica, batch: number, onHand: number): void {
  replica.apply([{ number: batch, at: batch, complete: true, changes: [{ scope: 'store:s1', position: batch, entity: 'stock', key: ['s1', 'p1'], op: 'put', row: stock(onHand) }] }])
}

async function openStore(path: string) {
  const stack = new AsyncDisposableStack()
  const outbox = stack.use(new Outbox({ path: join(path, 'outbox.db'), storeId: 's1' }))
  const replica = stack.use(openReplica({ file: join(path, 'replica.db'), scopes: [chainScope, storeScope('s1')], extensions: [createOverlay('s1', outbox)] }))
  return { replica, stack, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const onHand = 'select on_hand from stock'

test('a session stands at one cut until it is refreshed, and says which', async () => {
  using folder = scratchFolder()
  await using store = await openStore(folder.path)
  const { replica } = store
  using readers = new ReaderPool(replica)
  await expect(readers.lease()).rejects.toMatchObject({ code: 'NOT_READY' })
  copy(replica, 'a', 5)
  using session = await readers.lease()
  change(replica, 2, 6)
  expect(session.connection.prepare(onHand).get()).toMatchObject({ on_hand: 5 })
  expect(await session.storage.db.selectFrom('stock').select('on_hand').execute()).toEqual([{ on_hand: 5 }])
  expect(session.position).toEqual({ epoch: 'a', batch: 1 })
  expect(await readers.latest.db.selectFrom('stock').select('on_hand').execute()).toEqual([{ on_hand: 6 }])
  session.refresh()
  expect(session.position).toEqual({ epoch: 'a', batch: 2 })
  expect(session.connection.prepare(onHand).get()).toMatchObject({ on_hand: 6 })
  expect(() => session.connection.exec("update stock set on_hand = 0")).toThrow()
})

test('one transaction serves a turn; it ends with the turn, and before anything is written', async () => {
  using folder = scratchFolder()
  await using store = await openStore(folder.path)
  const { replica } = store
  copy(replica, 'a', 5)
  using readers = new ReaderPool(replica)
  using writer = new ReplicaWriter(replica)
  const ask = () => {
    using session = readers.leaseNow()
    const connection = session?.connection
    return { connection, position: session?.position?.batch, onHand: connection?.prepare(onHand).get()?.on_hand }
  }
  const first = ask()
  expect(first.connection?.isTransaction).toBe(true)
  expect(ask()).toEqual(first)
  change(replica, 2, 6)
  expect(first.connection?.isTransaction).toBe(false)
  expect(ask()).toMatchObject({ position: 2, onHand: 6 })
  writer.transact((connection) => {
    expect(first.connection?.isTransaction).toBe(false)
    connection.exec('update shown_stock set on_hand = 7')
  })
  expect(ask()).toMatchObject({ position: 2, onHand: 7 })
  expect(first.connection?.isTransaction).toBe(true)
  await breathe()
  expect(first.connection?.isTransaction).toBe(false)
  // Who holds a session over a write goes on at its cut, and leaves it to nobody.
  const held = readers.leaseNow()
  change(replica, 3, 8)
  expect(held?.connection.prepare(onHand).get()?.on_hand).toBe(7)
  held?.[Symbol.dispose]()
  expect(ask()).toMatchObject({ position: 3, onHand: 8 })
  // A log without news moves the position too.
  replica.advance({ epoch: 'a', batch: 4, at: 4, now: 4 })
  expect(ask()).toMatchObject({ position: 4, onHand: 8 })
})

test('sessions are bounded: the rest wait in their order, and too many are refused', async () => {
  using folder = scratchFolder()
  await using store = await openStore(folder.path)
  copy(store.replica, 'a', 5)
  using readers = new ReaderPool(store.replica, { size: 2, queue: 2 })
  const first = await readers.lease()
  const second = await readers.lease()
  const served: string[] = []
  const waiting = ['third', 'fourth'].map(async (name) => {
    using _session = await readers.lease()
    served.push(name)
  })
  await expect(readers.lease()).rejects.toMatchObject({ code: 'NODE_BUSY' })
  expect(served).toEqual([])
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  await Promise.all(waiting)
  expect(served).toEqual(['third', 'fourth'])
  expect(readers.leased).toBe(1)
  second[Symbol.dispose]()
  expect(readers.leased).toBe(0)
})

test('a fresh copy serves new sessions while old ones end on the old, and their end leaves the new file whole', async () => {
  using folder = scratchFolder()
  await using store = await openStore(folder.path)
  const { replica } = store
  copy(replica, 'a', 5)
  {
    using readers = new ReaderPool(replica)
    using writer = new ReplicaWriter(replica)
    writer.transact((connection) => connection.exec('update shown_stock set reorder_point = 1'))
    const old = await readers.lease()
    const idle = await readers.lease()
    idle[Symbol.dispose]()
    copy(replica, 'b', 50)
    change(replica, 2, 51)
    using fresh = await readers.lease()
    expect(fresh.position).toEqual({ epoch: 'b', batch: 2 })
    expect(fresh.connection.prepare(onHand).get()).toMatchObject({ on_hand: 51 })
    expect(old.connection.prepare(onHand).get()).toMatchObject({ on_hand: 5 })
    old[Symbol.dispose]()
    writer.transact((connection) => connection.exec('update shown_stock set order_up_to = 7'))
    change(replica, 3, 52)
    expect(readers.peek((connection) => connection.prepare('select * from shown_stock').get())).toMatchObject({ on_hand: 52 })
  }
  replica.close()
  using again = openReplica({ file: replica.file, scopes: replica.scopes })
  expect(again.position()).toEqual({ epoch: 'b', batch: 3 })
  using reader = again.reader()
  expect(reader.prepare(onHand).get()).toMatchObject({ on_hand: 52 })
  expect(reader.prepare('pragma integrity_check').get()).toMatchObject({ integrity_check: 'ok' })
})

test('no statement computes the whole of what it joins', async () => {
  using folder = scratchFolder()
  await using store = await openStore(folder.path)
  copy(store.replica, 'a', 5)
  using readers = new ReaderPool(store.replica)
  using session = await readers.lease()
  const plan = (text: string) => session.connection.prepare(`explain query plan ${text}`).all().map((row) => String(row.detail)).join('\n')
  expect(plan("select * from store left join stock on stock.store_id = store.id and stock.product_id in (select value from json_each('[\"p1\"]'))")).toMatch(/SEARCH main\.shown_stock USING PRIMARY KEY \(store_id=\? AND product_id=\?\)/)
  expect(plan("select * from device where store_id = 's1' order by id limit 10")).toMatch(/SEARCH d USING INDEX device_by_store_id_id/)
  const readings = plan("select at, value from reading where device_id = 'd' and metric = 'm' and at >= 1 and at < 2 order by at")
  expect(readings).toMatch(/SEARCH (main\.)?reading USING PRIMARY KEY \(device_id=\? AND metric=\? AND at>\? AND at<\?\)/)
  expect(readings).toMatch(/SEARCH o USING (PRIMARY KEY|COVERING INDEX|INDEX [a-z_]+) ?\(device_id=\? AND metric=\? AND at>\? AND at<\?\)/)
  expect(readings).not.toMatch(/SCAN (main\.)?(reading|o)\b/)
})
