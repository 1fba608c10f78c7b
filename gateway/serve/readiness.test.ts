import { expect, test } from '@jest/globals'
import { createRoleContext } from '../../runtime/role.ts'
import { SubgraphClient } from '../subgraphs/client.ts'
import { startSubgraph } from '../testing/subgraph.ts'
import { subgraphReadiness } from './readiness.ts'

const options = { timeoutMs: 1_000, maxResponseBytes: 1_000, connections: 1, retries: 0, breaker: { failures: 0, pauseMs: 1 }, share: true, streams: {}, streamRetryMs: 1_000, streamSilenceMs: 0, newestOnly: false }
const sdl = 'type Query { a: Int }'

test('ready once every subgraph serves, and from then on while any of them does', async () => {
  await using one = await startSubgraph({ sdl })
  await using two = await startSubgraph({ sdl })
  await using client = new SubgraphClient(new Map([['one', one.url], ['two', two.url]]), options, { fetch: () => {}, shared: () => {}, retried: () => {}, circuit: () => {} })
  const { health } = createRoleContext('gateway', 'silent')
  two.answerWith({ status: 503, body: '' })
  const waiting = subgraphReadiness(() => client, 0)
  health.require('subgraphs', waiting)
  expect(await health.problems()).toEqual({ subgraphs: 'two not ready' })
  two.answerWith(null)
  expect(await health.problems()).toEqual({})
  await two.stop()
  expect(await health.problems()).toEqual({})
  await one.stop()
  expect(await health.problems()).toEqual({ subgraphs: 'one unreachable, two unreachable' })
})
