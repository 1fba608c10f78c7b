import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { EntityDigests, RangeRows } from '../../subgraphs/log/ranges.ts'
import type { BatchPart, ChangesPage } from '../../subgraphs/log/source.ts'
import type { Change } from '../../subgraphs/shared/changes.ts'
import type { OriginAnswer, OriginQuestion } from '../simulation/cloud/origin.ts'
import type { SimulatedNode } from '../simulation/node.ts'
import { offer } from '../simulation/workload.ts'
import { World } from '../simulation/world.ts'

const minute = 60_000

/** Makes another answer of one of origin's. */
type Lie = (question: OriginQuestion, answer: OriginAnswer) => OriginAnswer

const json = (answer: OriginAnswer, value: unknown): OriginAnswer => ({ ...answer, pieces: [JSON.stringify(value)] })

function about(path: string, lie: (body: unknown) => unknown): Lie {
  return (question, answer) => (answer.status === 200 && question.path.includes(`/${path}`) ? json(answer, lie(JSON.parse(answer.pieces.join('')))) : answer)
}

const changes = (lie: (page: ChangesPage) => unknown): Lie => about('changes', (body) => lie(body as ChangesPage))
const digests = (lie: (answer: EntityDigests) => EntityDigests): Lie => about('digests', (body) => lie(body as EntityDigests))
const rows = (lie: (answer: RangeRows) => unknown): Lie => about('rows', (body) => lie(body as RangeRows))
/** Lies where there is anything to tell. */
const parts = (lie: (part: BatchPart, page: ChangesPage) => BatchPart): Lie => changes((page) => ({ ...page, parts: page.parts.map((part) => lie(part, page)) }))
const eachChange = (lie: (change: Change) => Change): Lie => parts((part) => ({ ...part, changes: part.changes.map(lie) }))
const renamed = (row: Change['row']): Change['row'] => (row === null ? null : { ...row, name: 'A LIE' })

/** Each of them is to be taken for no answer of origin's. */
const noAnswers: Readonly<Record<string, Lie>> = {
  '{} of JSON': (_question, answer) => ({ ...answer, pieces: ['{}'] }),
  'JSON of another protocol': (_question, answer) => ({ ...json(answer, { data: { status: 'ok', login: 'https://portal.example.com' } }), headers: { 'content-type': 'application/json' } }),
  'JSON of another protocol under the header of this one': (_question, answer) => json(answer, { data: { status: 'ok' } }),
  'a page in HTML under the header of this one': (_question, answer) => ({ status: 200, headers: { ...answer.headers, 'content-type': 'text/html' }, pieces: ['<html>'] }),
  'a redirect': () => ({ status: 302, headers: { location: 'http://portal.example.com/' }, pieces: [''] }),
  'half of an answer that looks whole': (_question, answer) => ({ ...answer, pieces: [answer.pieces.join('').slice(0, -3)] }),
  'batches of another epoch': changes((page) => ({ ...page, next: { ...page.next, epoch: 'another' }, head: { ...page.head, epoch: 'another' } })),
  'an epoch that changes within the answer': changes((page) => ({ ...page, next: { ...page.next, epoch: 'another' } })),
  'batches that were had before': parts((part) => ({ ...part, number: 1 })),
  'batches in another order': changes((page) => ({ ...page, parts: [...page.parts, ...page.parts.map((part) => ({ ...part, changes: part.changes.map((change) => ({ ...change, row: renamed(change.row) })) }))] })),
  'batches beyond the head': parts((part, { head }) => ({ ...part, number: head.batch + 5 })),
  'more to come, and nothing of it': changes((page) => ({ ...page, parts: [], next: { ...page.next, batch: page.next.batch }, head: { ...page.head, batch: page.head.batch + 1 } })),
  'a batch that never ends': parts((part) => ({ ...part, complete: false, changes: [] })),
  'a part of a batch that is gone on with elsewhere': parts((part) => ({ ...part, complete: false })),
  'rows of another store': eachChange((change) => (change.entity === 'device' ? { ...change, key: ['freezer-S3'], row: { ...change.row, id: 'freezer-S3', store_id: 'S3' } } : change)),
  'changes of another store': eachChange((change) => (change.entity === 'device' ? { ...change, scope: 'store:S3' } : change)),
  'rows under another key': eachChange((change) => (change.entity === 'product' ? { ...change, key: ['tea'], row: { ...change.row, id: 'milk', name: 'A LIE' } } : change)),
  'positions that are none': eachChange((change) => ({ ...change, position: change.position + 0.5 })),
}

let world: World
let node: SimulatedNode
beforeEach(() => {
  world = new World({ seed: 5, note: () => {} })
  const [first] = world.nodes
  if (first === undefined) throw new Error('A world has nodes.')
  node = first
})
afterEach(() => world[Symbol.asyncDispose]())

/** What changes in the cloud, so that there is something to lie about. */
function move(nth: number): void {
  for (const id of ['milk', 'tea']) world.cloud.rows.write({ entity: 'product', row: { id, name: `${id} ${nth}`, attributes: '[]' } })
  world.cloud.rows.write({ entity: 'device', row: { id: `freezer-${node.storeId}`, store_id: node.storeId, kind: 'FREEZER', status: 'ONLINE', firmware: `${nth}`, shows: '[]' } })
}

async function moveFor(minutes: number): Promise<void> {
  for (let nth = 0; nth < minutes * 2; nth += 1) {
    move(nth)
    await world.pass(minute / 2)
  }
}

const status = () => node.life?.data.status()

/** The truth is back: the node comes to it, and shows nothing else. */
async function recovers(): Promise<void> {
  node.link.liar = null
  move(99)
  await world.pass(2 * minute)
  expect(status()).toMatchObject({ state: 'online', pendingOperations: 0, position: { batch: world.cloud.log.batch } })
  await world.check(true)
}

async function failuresOf(code: string): Promise<boolean> {
  return ((await node.life?.metrics.metrics()) ?? '').includes(`error_type="${code}"`)
}

describe('what answers for origin and does not keep to the protocol is not believed, and asked in no busy loop', () => {
  test.each(Object.entries(noAnswers))('%s', async (_name, lie) => {
    world.start(node)
    await world.pass(minute)
    const before = status()
    expect(before).toMatchObject({ state: 'online' })
    node.link.liar = lie
    const asked = node.link.requests
    offer(world, node, world.ledger.add('till', node.name, { kind: 'recordStockMovement', command: { operationId: 'sold', storeId: node.storeId, productId: 'tea', kind: 'SALE', quantity: -1, occurredAt: null } }))
    await moveFor(10)
    expect(status()).toMatchObject({ state: 'offline', position: before?.position })
    expect(await failuresOf('PROTOCOL_VIOLATION')).toBe(true)
    // Pauses grow to ten seconds, and are half as long on the average.
    expect(node.link.requests - asked).toBeLessThan(10 * 60)
    await recovers()
  })
})

describe('a log that is not the one followed so far is compared anew, and nothing of it is shown', () => {
  const gone: Readonly<Record<string, Lie>> = {
    'positions with a gap': eachChange((change) => ({ ...change, position: change.position + 1 })),
    'positions that were had before': eachChange((change) => ({ ...change, position: Math.max(1, change.position - 3) })),
    'other stamps': (question, answer) => (question.path.includes('stamp=') && question.path.includes('/changes') ? { ...json(answer, { error: { code: 'LOG_DIVERGED', message: 'The log went on otherwise.' } }), status: 409 } : answer),
  }
  test.each(Object.entries(gone))('%s', async (_name, lie) => {
    world.start(node)
    await world.pass(minute)
    node.link.liar = lie
    const asked = node.link.requests
    await moveFor(10)
    expect(status()?.position?.epoch).toBe(world.cloud.log.epoch)
    expect(await node.life?.data.read().then((session) => session[Symbol.dispose]())).toBeUndefined()
    // A copy asks for a dozen entities, now and then.
    expect(node.link.requests - asked).toBeLessThan(10 * 60 * 3)
    await recovers()
  })
})

describe('a first copy out of ranges that are none is not begun, and begins once they are', () => {
  const ranges: Readonly<Record<string, Lie>> = {
    'ranges that hold not every key': digests((answer) => ({ ...answer, ranges: [] })),
    'ranges that do not touch': digests((answer) => ({ ...answer, ranges: [...answer.ranges, ...answer.ranges] })),
    'a state that comes true in a hundred batches': digests(({ header, ranges: all }) => ({ header: { ...header, consistentFrom: header.consistentFrom + 100 }, ranges: all })),
    'a state of a log that is far ahead': digests(({ header, ranges: all }) => ({ header: { ...header, consistentFrom: header.consistentFrom + 100, head: { ...header.head, batch: header.head.batch + 100 } }, ranges: all })),
    'rows that end where they begin': (question, answer) => (question.path.endsWith('/rows') ? json(answer, { ...JSON.parse(answer.pieces.join('')), rows: [], through: JSON.parse(question.body ?? '{}').after ?? ['\0'] }) : answer),
    'rows of another range': rows((answer) => ({ ...answer, rows: answer.rows.toReversed() })),
    'rows of another store': rows((answer) => ({ ...answer, rows: answer.rows.map((row) => ({ ...row, store_id: 'S3' })) })),
    'rows without their keys': rows((answer) => ({ ...answer, rows: answer.rows.map((row) => ({ ...row, id: null, product_id: null })) })),
  }
  test.each(Object.entries(ranges))('%s', async (_name, lie) => {
    node.link.liar = lie
    const asked = node.link.requests
    world.start(node)
    await moveFor(10)
    expect(status()).toMatchObject({ state: 'bootstrapping', position: null })
    expect(node.link.requests - asked).toBeLessThan(10 * 60 * 2)
    await recovers()
  })
})

test('digests that never match cost the fetching of what they are of, once a comparison, and nothing else', async () => {
  node.link.liar = digests(({ header, ranges }) => ({ header, ranges: ranges.map((range) => ({ ...range, digest: `${range.digest}7` })) }))
  world.start(node)
  await world.pass(minute)
  expect(status()).toMatchObject({ state: 'online', position: { batch: world.cloud.log.batch } })
  await world.check(true)
  const asked = node.link.requests
  await world.pass(20 * 60 * minute)
  // One that waits at a time, five seconds each.
  expect(node.link.requests - asked).toBeLessThan(20 * 60 * 12 * 1.5)
  expect(status()).toMatchObject({ state: 'online', position: { batch: world.cloud.log.batch } })
  expect(await node.life?.metrics.metrics()).toMatch(/aisle_edge_damage_total\{by="digest"\} [1-9]/)
  await recovers()
})

test.each<[string, (body: { outcomes: unknown[] }) => unknown]>([
  ['tells of no write', () => ({ outcomes: [] })],
  ['tells of other writes', ({ outcomes }) => ({ outcomes: outcomes.map((outcome) => ({ ...(outcome as object), n: 1_000 })) })],
  ['could try none', ({ outcomes }) => ({ outcomes: outcomes.map((outcome) => ({ incarnation: (outcome as { incarnation: string }).incarnation, n: (outcome as { n: number }).n, fault: { code: 'INTERNAL_SERVER_ERROR', message: 'no' } })) })],
])('writes that origin has recorded and %s are offered again with pauses, and count once', async (_name, lie) => {
  world.start(node)
  await world.pass(minute)
  // Nothing comes back of them over the log either.
  for (const sequencer of world.sequencers) sequencer.stop()
  let deliveries = 0
  const tell = about('operations', (body) => lie(body as { outcomes: unknown[] }))
  node.link.liar = (question, answer) => {
    if (question.path.endsWith('/operations')) deliveries += 1
    return tell(question, answer)
  }
  for (let nth = 0; nth < 20; nth += 1) {
    offer(world, node, world.ledger.add('till', node.name, { kind: 'recordStockMovement', command: { operationId: `sold-${nth}`, storeId: node.storeId, productId: 'tea', kind: 'SALE', quantity: -1, occurredAt: null } }))
  }
  await world.pass(30 * minute)
  expect(status()?.pendingOperations).toBe(20)
  // Each by itself, after a second, two, four … to ten minutes.
  expect(deliveries).toBeLessThan(20 * 20)
  for (const sequencer of world.sequencers) sequencer.start()
  await recovers()
  expect(world.cloud.commands.historyOf(node.storeId, 'tea')).toHaveLength(20)
})

