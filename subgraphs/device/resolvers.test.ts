import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { serveForTest, until, type ServedSubgraph } from '../../test/conformance/served.ts'
import { openSubgraph } from '../serve/open.ts'
import type { DeviceRow } from '../storage/database.ts'
import { storeScope } from '../storage/entities.ts'
import { device } from './index.ts'
import { createDeviceCommands } from './postgres-commands.ts'

const minute = 60_000
const now = Date.parse('2026-03-01T09:30:30.000Z')
let served: ServedSubgraph

beforeAll(async () => {
  served = await serveForTest((storage) => openSubgraph(device, { commands: createDeviceCommands(storage), now: () => now }))
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
})

const report = `mutation ($input: ReportReadingsInput!) { reportReadings(input: $input) { operationId accepted pending userErrors { code field } } }`
const at = (offset: number) => new Date(now + offset).toISOString()

describe('readings', () => {
  test('are recorded once, over the turn of a month, and bring the device online', async () => {
    const input = {
      operationId: 'r1',
      deviceId: 'd2',
      readings: [{ metric: 't', at: '2026-02-28T23:59:00Z', value: 1.5 }, { metric: 't', at: '2026-03-01T00:00:00Z', value: 2.5 }, { metric: 't', at: '2026-03-01T00:00:00Z', value: 9 }],
    }
    const first = await served.ask(report, { input })
    expect(first.data).toEqual({ reportReadings: { operationId: 'r1', accepted: 3, pending: false, userErrors: [] } })
    expect((await served.ask(report, { input })).data).toEqual(first.data)
    // The same device, metric and time again, under another id: nothing changes.
    await served.ask(report, { input: { ...input, operationId: 'r2', readings: [{ metric: 't', at: '2026-03-01T00:00:00Z', value: 77 }] } })
    const { data } = await served.ask(
      `{ device(id: "d2") { status lastSeenAt store { id } shows { id }
        raw: readings(metric: "t", from: "2026-02-28T00:00:00Z", to: "2026-03-02T00:00:00Z") { at count last }
        daily: readings(metric: "t", from: "2026-02-28T00:00:00Z", to: "2026-03-02T00:00:00Z", bucket: "P1D") { at mean } } }`,
    )
    expect(data).toEqual({
      device: {
        status: 'ONLINE', lastSeenAt: '2026-03-01T09:30:00.000Z', store: { id: 's1' }, shows: [{ id: 'p2' }, { id: 'p1' }],
        raw: [{ at: '2026-02-28T23:59:00.000Z', count: 1, last: 1.5 }, { at: '2026-03-01T00:00:00.000Z', count: 1, last: 2.5 }],
        daily: [{ at: '2026-02-28T00:00:00.000Z', mean: 1.5 }, { at: '2026-03-01T00:00:00.000Z', mean: 2.5 }],
      },
    })
  })

  test('a device seen again within the minute is not written again', async () => {
    const changes = async () => (await served.storage.pool.query(`select seq from outbox where entity = 'device'`)).rows
    const send = (operationId: string) => served.ask(report, { input: { operationId, deviceId: 'd1', readings: [{ metric: 'x', at: at(0), value: 1 }] } })
    await send('s1')
    const before = await changes()
    await send('s2')
    expect(await changes()).toEqual(before)
  })

  test.each<[string, object, string]>([
    ['no such device', { deviceId: 'none' }, 'DEVICE_NOT_FOUND'],
    ['no name', { readings: [{ metric: ' ', at: at(0), value: 1 }] }, 'INVALID_READING'],
    ['the day after tomorrow', { readings: [{ metric: 't', at: at(2 * 86_400_000), value: 1 }] }, 'INVALID_READING'],
    ['too many', { readings: Array.from({ length: 1_001 }, (_, index) => ({ metric: 't', at: at(-index), value: 1 })) }, 'INVALID_READING'],
  ])('are refused: %s', async (what, change, code) => {
    const { data } = await served.ask(report, { input: { operationId: `refused ${what}`, deviceId: 'd1', readings: [{ metric: 't', at: at(0), value: 1 }], ...change } })
    expect(data).toMatchObject({ reportReadings: { accepted: 0, userErrors: [{ code }] } })
  })

  test('too many buckets are refused with the bucket to use', async () => {
    const { errors } = await served.ask(`{ device(id: "d1") { readings(metric: "t", from: "2025-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z", bucket: "PT1M") { at } } }`)
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', bucket: 'PT3H' } })
  })
})

describe('devices', () => {
  test('of stores, in as many statements for many as for one', async () => {
    const query = `query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Store { devices(kind: FREEZER, first: 1) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } } ... on Device { kind
      readings(metric: "none", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", bucket: "PT1H") { at } } } }`
    const ask = async (...refs: object[]) => {
      const before = served.statements()
      const answer = await served.ask(query, { refs })
      return { answer, statements: served.statements() - before }
    }
    const few = await ask({ __typename: 'Store', id: 's1' }, { __typename: 'Device', id: 'd1' })
    const many = await ask(...['s1', 's2', 's3'].map((id) => ({ __typename: 'Store', id })), ...['d1', 'd2', 'd3', 'd4', 'none'].map((id) => ({ __typename: 'Device', id })))
    expect(many.statements).toBe(few.statements)
    expect(many.answer.data).toMatchObject({
      _entities: [
        { devices: { totalCount: 2, nodes: [{ id: 'd1' }], pageInfo: { hasNextPage: true } } },
        { devices: { totalCount: 1, nodes: [{ id: 'd4' }], pageInfo: { hasNextPage: false } } },
        { devices: { totalCount: 0, nodes: [] } },
        { kind: 'FREEZER' }, { kind: 'DISPLAY' }, { kind: 'FREEZER' }, { kind: 'FREEZER' }, null,
      ],
    })
  })

  test('register, move and show', async () => {
    const register = `mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) { device { id kind status firmware store { id } shows { id } } userErrors { code } } }`
    const input = { operationId: 'd-new', deviceId: 'new', storeId: 's1', kind: 'SHELF_LABEL', firmware: '2.0' }
    const made = { id: 'new', kind: 'SHELF_LABEL', status: 'UNKNOWN', firmware: '2.0', store: { id: 's1' }, shows: [] }
    expect((await served.ask(register, { input })).data).toEqual({ registerDevice: { device: made, userErrors: [] } })
    const { firmware: _dropped, ...again } = input
    expect((await served.ask(register, { input: { ...again, operationId: 'd-moved', storeId: 's2' } })).data).toMatchObject({ registerDevice: { device: { ...made, store: { id: 's2' } } } })
    expect((await served.ask(register, { input: { ...input, operationId: 'd-lost', storeId: 'nowhere' } })).data).toMatchObject({ registerDevice: { device: null, userErrors: [{ code: 'STORE_NOT_FOUND' }] } })

    const show = `mutation ($input: ShowOnDeviceInput!) { showOnDevice(input: $input) { device { shows { id } } userErrors { code message } } }`
    expect((await served.ask(show, { input: { operationId: 'sh', deviceId: 'new', productIds: ['p3', 'p1', 'p3'] } })).data).toMatchObject({ showOnDevice: { device: { shows: [{ id: 'p3' }, { id: 'p1' }, { id: 'p3' }] } } })
    expect((await served.ask(show, { input: { operationId: 'sh2', deviceId: 'new', productIds: ['p1', 'gone', 'also'] } })).data).toMatchObject({
      showOnDevice: { device: null, userErrors: [{ code: 'PRODUCT_NOT_FOUND', message: 'The catalogue has no product gone, also.' }] },
    })
    expect((await served.ask(show, { input: { operationId: 'sh3', deviceId: 'none', productIds: [] } })).data).toMatchObject({ showOnDevice: { userErrors: [{ code: 'DEVICE_NOT_FOUND' }] } })
  })
})

describe('subscriptions', () => {
  const change = (row: DeviceRow) => ({ scope: storeScope(row.store_id), entity: 'device' as const, key: [row.id], row: { ...row } })
  const row = async (id: string) => served.storage.db.selectFrom('device').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

  test('a device is followed, also to another store', async () => {
    const events = served.subscribe(`subscription { deviceChanged(deviceId: "d3") { status store { id } shows { id } } }`)
    const shown = async (step: Promise<IteratorResult<unknown>>) => ((await step).value as { data: { deviceChanged: object } }).data.deviceChanged
    const first = events.next()
    await until(() => served.feed.followers === 1)
    const known = await row('d3')
    served.feed.emit(change({ ...known, shows: '["p1"]' }), change(await row('d1')))
    expect(await shown(first)).toEqual({ status: 'OFFLINE', store: { id: 's1' }, shows: [{ id: 'p1' }] })

    const moved = events.next()
    await served.storage.db.updateTable('device').set({ store_id: 's2' }).where('id', '=', 'd3').execute()
    served.feed.emit({ scope: storeScope('s1'), entity: 'device', key: ['d3'], row: null }, change(await row('d3')))
    expect(await shown(moved)).toMatchObject({ store: { id: 's2' } })
    const last = events.next()
    served.feed.emit(change({ ...(await row('d3')), status: 'ONLINE' }))
    expect(await shown(last)).toMatchObject({ status: 'ONLINE', store: { id: 's2' } })
    await events.return?.()
    await until(() => served.feed.followers === 0)
  })

  test('an unknown device or store is told at once', async () => {
    expect((await served.subscribe(`subscription { deviceChanged(deviceId: "none") { id } }`).next()).value).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    expect((await served.subscribe(`subscription { readingAlert(storeId: "none") { at } }`).next()).value).toMatchObject({ errors: [{ extensions: { code: 'STORE_UNKNOWN' } }] })
  })

  test('an alert comes when a series leaves its range', async () => {
    const calm = Array.from({ length: 100 }, (_, index) => ({ metric: 'temp', at: at((index - 200) * minute), value: -18 + (index % 5) / 10 }))
    await served.ask(report, { input: { operationId: 'calm', deviceId: 'd1', readings: calm } })
    const events = served.subscribe(`subscription { readingAlert(storeId: "s1") { device { id kind } metric at value expectedMin expectedMax } }`)
    const first = events.next()
    await until(() => served.feed.followers === 1)
    const reading = (offset: number, value: number) => {
      const instant = now + offset * minute
      return { scope: storeScope('s1'), entity: 'reading' as const, key: ['d1', 'temp', instant], row: { device_id: 'd1', metric: 'temp', at: instant, value, store_id: 's1' } }
    }
    served.feed.emit(reading(0, -17.8), reading(1, 5), reading(2, 6))
    expect((await first).value).toEqual({
      data: { readingAlert: { device: { id: 'd1', kind: 'FREEZER' }, metric: 'temp', at: at(minute), value: 5, expectedMin: expect.closeTo(-18.9, 0), expectedMax: expect.closeTo(-16.7, 0) } },
    })
    await events.return?.()
    await until(() => served.feed.followers === 0)
  })
})
