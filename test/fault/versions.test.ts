import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openNodeData } from '../../edge-cache/node/data/index.ts'
import { scratchFolder } from '../../edge-cache/node/data/testing/conditions.ts'
import { sale } from '../../edge-cache/node/data/testing/node.ts'
import { deliveryOf } from '../../edge-cache/node/http-delivery.ts'
import { HttpOrigin } from '../../edge-cache/node/http-origin.ts'
import { logSourceOf } from '../../edge-cache/node/http-source.ts'
import { startTestOrigin } from '../../edge-cache/origin/testing/test-origin.ts'
import { AisleError } from '../../runtime/errors.ts'
import { createLogger } from '../../runtime/log.ts'
import { Registry } from '../../runtime/metrics.ts'
import { startFollower } from '../../subgraphs/log/follower.ts'
import type { LogSource } from '../../subgraphs/log/source.ts'
import { rowsInPostgres, rowsInReplica } from '../../subgraphs/log/testing/compare.ts'
import { putProduct, putStock, putStore } from '../../subgraphs/log/testing/test-log.ts'
import { entities, type EntityName } from '../../subgraphs/storage/entities.ts'
import { openReplica } from '../../subgraphs/storage/sqlite/replica.ts'
import { until } from '../environment/wait.ts'

const scopes = ['chain', 'store:s1']
const log = createLogger('test', 'silent')
const neighbours = "insert into neighbours (product_id, similar_to, bought_with) values ('p1', '[]', '[]')"

/** What two later versions of the cloud would send besides: columns that nobody here knows. */
function withMoreColumns(source: LogSource): LogSource {
  const more = (row: Readonly<Record<string, unknown>>) => ({ ...row, colour: 'red', season: { from: 1 } })
  const { ranges } = source
  if (ranges === undefined) throw new Error('An origin compares ranges.')
  return {
    ...source,
    async changes(...question) {
      const page = await source.changes(...question)
      return { ...page, parts: page.parts.map((part) => ({ ...part, changes: part.changes.map((change) => ({ ...change, row: change.row === null ? null : more(change.row) })) })) }
    },
    ranges: {
      digests: (...question) => ranges.digests(...question),
      async rows(...question) {
        const answer = await ranges.rows(...question)
        return { ...answer, rows: answer.rows.map(more) }
      },
    },
  }
}

test('a node two versions behind follows without what it does not know, and has it all once it is upgraded', async () => {
  using folder = scratchFolder()
  await using origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 10), neighbours)
  await using http = new HttpOrigin({ origin: origin.url, storeId: 's1' })
  const source = withMoreColumns(logSourceOf(http))
  const file = join(folder.path, 'replica.db')
  {
    const known = (Object.keys(entities) as EntityName[]).filter((name) => name !== 'neighbours' && name !== 'trending')
    using replica = openReplica({ file, scopes, entities: known })
    await using follower = startFollower({ source, replica, log, entities: known, waitMs: 100, mostPauseMs: 20 })
    await follower.ready()
    // Positions of what is passed over count: nothing is missing.
    await origin.log.write(putProduct('p2', 'Milk'), "update neighbours set similar_to = '[1]'", putStock('s1', 'p1', 9))
    await until('the log to be followed', () => replica.reader().prepare("select on_hand from stock where product_id = 'p1'").get()?.on_hand === 9)
    follower.check()
    await origin.log.write(putStock('s1', 'p2', 3))
    await until('the log to be followed', () => replica.reader().prepare("select on_hand from stock where product_id = 'p2'").get()?.on_hand === 3)
  }
  using replica = openReplica({ file, scopes })
  expect([replica.needsSnapshot, replica.position() !== null]).toEqual([true, true])
  await using follower = startFollower({ source, replica, log, waitMs: 100, mostPauseMs: 20 })
  await until('the copy to be whole', () => !replica.needsSnapshot)
  expect(follower.online).toBe(true)
  expect(rowsInReplica(replica)).toEqual(await rowsInPostgres(origin.log.storage, 's1'))
  expect(replica.reader().prepare('select similar_to from neighbours').get()).toEqual({ similar_to: '[1]' })
})

test('a node two versions ahead gets its copy from an origin that does not know all it asks for, and its unknown writes wait alone', async () => {
  using folder = scratchFolder()
  await using origin = await startTestOrigin()
  await origin.log.write(putStore('s1'), putProduct('p1', 'Tea'), putStock('s1', 'p1', 10), "insert into device (id, store_id, kind, status) values ('d1', 's1', 'FREEZER', 'UNKNOWN')")
  await using http = new HttpOrigin({ origin: origin.url, storeId: 's1' })
  const source = logSourceOf(http)
  const { ranges } = source
  if (ranges === undefined) throw new Error('An origin compares ranges.')
  let old = true
  const older: LogSource = {
    ...source,
    ranges: {
      ...ranges,
      digests: (asked, question) => (old && question.entity === 'trending' ? Promise.reject(new AisleError('BAD_REQUEST', 'This origin knows no entity trending.')) : ranges.digests(asked, question)),
    },
  }
  const delivery = deliveryOf(http)
  await using data = await openNodeData({
    storeId: 's1', directory: folder.path, extensions: [], log, metrics: new Registry(), waitMs: 100, mostPauseMs: 50, checkEveryMs: 300,
    origin: {
      source: older,
      delivery: {
        async deliver(operations, signal) {
          const known = operations.filter(({ kind }) => !old || kind !== 'reportReadings')
          const results = known.length === 0 ? [] : await delivery.deliver(known, signal)
          const unknown = operations.filter((operation) => !known.includes(operation))
          return [...results, ...unknown.map(({ incarnation, n }) => ({ incarnation, n, recorded: false, reason: 'BAD_REQUEST: This origin knows no write of kind reportReadings.' }))]
        },
      },
    },
  })
  await until('the first copy', () => data.status().position !== null)
  const context = { principal: 'till', now: Date.now() }
  await data.device.reportReadings({ operationId: 'r1', deviceId: 'd1', readings: [{ metric: 'celsius', at: Date.now(), value: -18 }] }, context)
  await data.inventory.recordMovement({ ...sale('p1', -1), storeId: 's1' }, context)
  await until('the sale to be settled', async () => (await origin.log.storage.db.selectFrom('stock').select('on_hand').executeTakeFirstOrThrow()).on_hand === 9)
  await until('the readings to wait alone', () => data.status().pendingOperations === 1)
  await origin.log.write(putProduct('p2', 'Milk'))
  await until('the log to be followed', async () => {
    using session = await data.read()
    return session.connection.prepare("select 1 from product where id = 'p2'").get() !== undefined
  })
  old = false
  await until('the readings to be settled', () => data.status().pendingOperations === 0)
  expect(await origin.log.storage.db.selectFrom('reading').select('value').execute()).toEqual([{ value: -18 }])
})
