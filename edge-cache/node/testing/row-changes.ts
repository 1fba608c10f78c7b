import { readingsHeldSince } from '../../../subgraphs/log/retention.ts'
import { entities, type EntityName, type ReplicatedEntity } from '../../../subgraphs/storage/entities.ts'
import { eventually } from '../data/testing/conditions.ts'
import type { MemoryCloud } from '../data/testing/memory-cloud.ts'
import { as, count, operationId, sale } from '../data/testing/node.ts'
import type { AnsweringNode } from './answering-node.ts'

type Row = Readonly<Record<string, string | number | null>>

const hourMs = 3_600_000
const minuteMs = 60_000

/** One thing that happens to a node's copy. */
export interface RowChange {
  /** 'entity.column' of what it changes, or what it does. */
  readonly name: string
  readonly make: (node: AnsweringNode) => unknown
}

/** The instant (epoch milliseconds) from which on the world's readings are asked for, and the first that is held at all. */
export interface WorldTimes {
  readonly began: number
  readonly held: number
}

export function worldTimes(): WorldTimes {
  const began = Math.floor(Date.now() / hourMs) * hourMs
  return { began, held: readingsHeldSince(began) }
}

/** At least one row of each entity; those of S1, p0 and d0 are what is asked for. */
export function firstRows({ began }: WorldTimes): { readonly entity: EntityName; readonly row: Row }[] {
  const category = (id: string, parent_id: string | null, name: string): Row => ({ id, parent_id, name, path: JSON.stringify([name]) })
  const product = (at: number): Row => ({
    id: `p${at}`, name: `${at % 2 === 0 ? 'green' : 'black'} tea ${at}`, description: 'leaves', brand: at % 2 === 0 ? 'Acme' : 'Verdello', category_id: at === 0 ? 'c1' : 'c0', gtin: null,
    attributes: JSON.stringify([['colour', at % 2 === 0 ? 'green' : 'black']]), image_url: null,
  })
  const store = (id: string, latitude: number): Row => ({
    id, name: `Store ${id}`, street: 'Main', city: 'Ghent', region: 'East', postcode: '9000', country: 'BE', latitude, longitude: 4, timezone: 'Europe/Brussels', opening_hours: 'Mo-Sa',
  })
  const stock = (product_id: string, on_hand: number): Row => ({ store_id: 'S1', product_id, on_hand, reorder_point: 3, order_up_to: 9, updated_at: began })
  const reading = (minutes: number, value: number): Row => ({ device_id: 'd0', metric: 'temperature', at: began + minutes * minuteMs, value, store_id: 'S1' })
  const rows: { readonly [Name in EntityName]: readonly Row[] } = {
    category: [category('c0', null, 'drinks'), category('c1', 'c0', 'tea'), category('c2', null, 'other')],
    product: Array.from({ length: 8 }, (_, at) => product(at)),
    list_price: Array.from({ length: 6 }, (_, at) => ({ product_id: `p${at}`, amount_minor: 100 * (at + 1), currency: 'EUR', updated_at: began })),
    store: [store('S1', 50), store('S2', 51)],
    neighbours: [{ product_id: 'p0', similar_to: JSON.stringify([['p1', 0.5, 'SIMILAR'], ['p2', 0.25, 'SIMILAR']]), bought_with: JSON.stringify([['p1', 0.5], ['p3', 0.25]]) }],
    trending: [{ store_id: 'S1', items: JSON.stringify([['p1', 0.5]]) }, { store_id: '', items: JSON.stringify([['p3', 0.5]]) }],
    store_price: [{ store_id: 'S1', product_id: 'p0', amount_minor: 250, currency: 'EUR', updated_at: began }],
    stock: [stock('p0', 5), stock('p1', 0)],
    device: [{ id: 'd0', store_id: 'S1', kind: 'FREEZER', firmware: '1', status: 'UNKNOWN', last_seen_at: began, shows: JSON.stringify(['p0', 'p1']) }],
    reading: [reading(1, 2), reading(2, 4), reading(70, 6)],
    edge_operation: [{ store_id: 'S1', incarnation: 'i', n: 1, operation_id: 'o', payload_hash: 'h', outcome: outcome('STOCK'), recorded_at: began }],
  }
  return (Object.keys(entities) as EntityName[]).flatMap((entity) => rows[entity].map((row) => ({ entity, row })))
}

/** What a column of a first row is changed to; the others to something of their type. */
const otherwise: Readonly<Record<string, string | number | null>> = {
  'category.parent_id': 'c2', 'category.path': '["elsewhere"]', 'product.category_id': 'c2', 'product.brand': null, 'product.attributes': '[["colour","black"],["size","3"]]',
  'list_price.currency': 'JPY', 'store_price.currency': 'JPY', 'store.latitude': 52, 'store.longitude': null, 'store.timezone': 'Asia/Tokyo', 'stock.on_hand': 0, 'stock.reorder_point': 8,
  'neighbours.similar_to': '[["p4",0.5,"SIMILAR"]]', 'neighbours.bought_with': '[["p4",0.5]]', 'trending.items': '[["p3",0.25]]', 'device.kind': 'DISPLAY', 'device.status': 'OFFLINE',
  'device.shows': '["p2"]', 'edge_operation.outcome': outcome('OTHER'),
}

/**
 * Every column of every entity changed by itself, every first row taken away and put back, and a row of each entity that was never there; then
 * what a node does by itself: writes that are pending, settled and refused, and the hour in which readings leave.
 */
export function rowChanges(cloud: MemoryCloud, times: WorldTimes): RowChange[] {
  const changes: RowChange[] = []
  const first = firstRows(times)
  for (const entity of Object.keys(entities) as EntityName[]) {
    const { key, columns }: ReplicatedEntity = entities[entity]
    const rows = first.filter((each) => each.entity === entity).map(({ row }) => row)
    // One is the other's parent, or the chain's beside the store's.
    const wholly = entity === 'category' || entity === 'trending'
    for (const [nth, before] of rows.entries()) {
      let row = before
      for (const column of nth === 0 || wholly ? Object.keys(columns) : []) {
        if (key.includes(column) || column === 'store_id') continue
        row = { ...row, [column]: other(`${entity}.${column}`, row[column] ?? null, columns[column] === 'text') }
        const changed = row
        changes.push({ name: `${entity}.${column}`, make: () => cloud.put({ entity, row: changed }) })
      }
      if (nth > 1) continue
      changes.push({ name: `${entity} gone`, make: () => cloud.remove(entity, key.map((column) => row[column] ?? '')) })
      changes.push({ name: `${entity} back`, make: () => cloud.put({ entity, row: before }) })
    }
    const [some = {}] = rows
    const last = key.at(-1) ?? ''
    // Trends are of the store or of the chain, and both are there.
    if (entity !== 'trending') changes.push({ name: `${entity} new`, make: () => cloud.put({ entity, row: { ...some, [last]: columns[last] === 'text' ? 'p7' : times.began + 3 * minuteMs } }) })
  }
  return [...changes, ...ownWrites(cloud, times)]
}

/** Makes it happen, and waits until the node has it, unless it is cut off; and the outcomes of its writes, unless they are held back. */
export async function happens({ name, make }: RowChange, node: AnsweringNode, cloud: MemoryCloud): Promise<void> {
  await make(node)
  await eventually(() => cloud.down || (hasAll(node, cloud) && (cloud.holdsLog || node.data.status().pendingOperations === 0)), name)
}

/** Whether the node stands where the cloud does. */
export function hasAll({ data }: AnsweringNode, { epoch, batch }: MemoryCloud): boolean {
  const { position } = data.status()
  return position?.epoch === epoch && position.batch === batch
}

/** Told to nobody who asks. */
const unseen = { entity: 'category', row: { id: 'c9', parent_id: 'c9', name: 'unseen', path: '[]' } } as const

function ownWrites(cloud: MemoryCloud, { began }: WorldTimes): RowChange[] {
  const report = (at: number, value: number) => ({ operationId: operationId(), deviceId: 'd0', readings: [{ metric: 'temperature', at, value }] })
  /** @param never of which the store has had none */
  const writes = (never: string): RowChange['make'][] => [
    ({ data }) => data.inventory.recordMovement(sale('p0', -1), as('clerk')),
    ({ data }) => data.inventory.recordCount(count('p1', 4), as('clerk')),
    ({ data }) => data.inventory.recordCount(count(never, 2), as('clerk')),
    ({ data }) => data.device.reportReadings(report(began + 5 * minuteMs, 9), as('clerk')),
  ]
  // A batch between a write and its outcome: what each of them moves is then told by itself.
  const meanwhile = (name: string): RowChange => ({
    name,
    make() {
      cloud.holdsLog = true
      cloud.down = false
      cloud.put(unseen)
    },
  })
  const cutOff = (name: string, refusal: string | null, never: string): RowChange[] => writes(never).map((make) => ({
    name,
    make(node) {
      cloud.down = true
      cloud.refuses = () => refusal
      return make(node)
    },
  }))
  return [
    ...cutOff('a write', null, 'p5'), meanwhile('writes delivered'), { name: 'writes settled', make: () => cloud.release() },
    ...cutOff('a write to be refused', 'PRODUCT_UNKNOWN', 'p6'), meanwhile('refused writes delivered'), { name: 'writes refused', make: () => cloud.release() },
    {
      name: 'an hour later',
      make() {
        cloud.clock = () => began + 3 * hourMs
        cloud.put(unseen)
      },
    },
    {
      name: 'weeks later',
      make() {
        cloud.clock = () => began + 60 * 24 * hourMs
        cloud.put(unseen)
      },
    },
    { name: 'an earlier cloud', make: () => cloud.restore('taken back', (entity) => entity === 'stock') },
  ]
}

function other(name: string, value: string | number | null, isText: boolean): string | number | null {
  const given = otherwise[name]
  if (given !== undefined) return given
  return isText ? `${value ?? ''} oat` : Number(value) + 1
}

function outcome(code: string): string {
  return JSON.stringify({ result: null, userErrors: [{ code, message: code.toLowerCase(), field: null }], pending: false })
}
