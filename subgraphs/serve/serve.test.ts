import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { createRoleContext } from '../../runtime/role.ts'
import { MemoryFeed } from '../../test/conformance/memory-feed.ts'
import { serveForTest, until, type ServedSubgraph } from '../../test/conformance/served.ts'
import { inventory } from '../inventory/index.ts'
import { createInventoryCommands } from '../inventory/postgres-commands.ts'
import { openSubgraph } from './open.ts'
import { serveSubgraph } from './serve.ts'

let served: ServedSubgraph
let failing = false

beforeAll(async () => {
  served = await serveForTest((storage) => {
    const commands = createInventoryCommands(storage)
    return openSubgraph(inventory, {
      commands: {
        ...commands,
        recordCount: (command, context) => (failing ? Promise.reject(new Error('password=hunter2 at db.internal')) : commands.recordCount(command, context)),
      },
      now: () => 1_000,
    })
  })
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
})

describe('over HTTP', () => {
  const post = (body: string, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }) => fetch(`${served.url}/graphql`, { method: 'POST', headers, body })

  test('health, metrics, and nothing else', async () => {
    expect((await fetch(`${served.url}/health/live`)).status).toBe(200)
    expect(await (await fetch(`${served.url}/health/ready`)).json()).toEqual({ ready: true, problems: {} })
    await served.ask('{ stores { totalCount } }')
    const metrics = await (await fetch(`${served.url}/metrics`)).text()
    expect(metrics).toMatch(/http_server_request_duration_seconds_count\{[^}]*http_response_status_code="200"[^}]*\} [1-9]/)
    expect((await fetch(`${served.url}/elsewhere`)).status).toBe(404)
  })

  test('the federation SDL and introspection', async () => {
    const { data } = await served.ask('{ _service { sdl } __type(name: "Product") { description fields { name description } } }')
    expect(data).toMatchObject({ _service: { sdl: expect.stringContaining('@key(fields: "id")') }, __type: { description: 'Something the chain sells.' } })
  })

  test('requests that are none', async () => {
    const broken = await post('{"query":')
    expect([broken.status, await broken.json()]).toEqual([400, { errors: [{ message: 'The request body is not valid JSON.', extensions: { code: 'BAD_REQUEST' } }] }])
    const form = await post('query={stores{totalCount}}', { 'content-type': 'application/x-www-form-urlencoded' })
    expect(form.status).toBe(400)
    const large = await post(JSON.stringify({ query: ' '.repeat(9 * 1024 * 1024) }))
    expect([large.status, await large.json()]).toMatchObject([413, { errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }] }])
    const syntax = await post(JSON.stringify({ query: '{ stores {' }))
    expect([syntax.status, await syntax.json()]).toMatchObject([400, { errors: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }] }])
    const unknown = await post(JSON.stringify({ query: '{ nothing }' }))
    expect([unknown.status, await unknown.json()]).toMatchObject([400, { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] }])
    const variable = await post(JSON.stringify({ query: 'query ($first: Int!) { stores(first: $first) { totalCount } }', variables: { first: 'x' } }))
    expect([variable.status, await variable.json()]).toMatchObject([400, { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] }])
  })

  test('a GET needs a header that another site cannot send without asking', async () => {
    const url = `${served.url}/graphql?query=${encodeURIComponent('{stores{totalCount}}')}`
    expect((await fetch(url)).status).toBe(400)
    const allowed = await fetch(url, { headers: { 'apollo-require-preflight': 'yes' } })
    expect(await allowed.json()).toEqual({ data: { stores: { totalCount: 3 } } })
  })

  test('what fails inside stays inside', async () => {
    failing = true
    const answer = await served.ask('mutation { recordStockCount(input: { operationId: "f", storeId: "s1", productId: "p1", counted: 1 }) { pending } }')
    failing = false
    expect(answer.errors).toMatchObject([{ message: 'Something failed inside the server.', path: ['recordStockCount'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
    expect(JSON.stringify(answer)).not.toContain('hunter2')
  })
})

describe('over WebSocket', () => {
  test('queries and mutations run too, with the same faults', async () => {
    const query = served.subscribe('{ stores(first: 1) { nodes { id } } bad: stores(first: -1) { totalCount } }')
    expect((await query.next()).value).toMatchObject({ data: null, errors: [{ path: ['bad'], extensions: { code: 'BAD_USER_INPUT' } }] })
    const refused = served.subscribe('subscription { nothing }').next()
    await expect(refused).rejects.toMatchObject([{ message: expect.stringContaining('nothing'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }])
    const variable = await served.subscribe('subscription ($id: ID!) { stockChanged(storeId: $id) { onHand } }').next()
    expect(variable.value).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    await expect(served.subscribe('subscription { stock').next()).rejects.toMatchObject([{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }])
    expect((await served.subscribe('{ stores { totalCount } }').next()).value).toEqual({ data: { stores: { totalCount: 3 } } })
  })

  test('stopping ends subscriptions with a code that asks to come back, and lets go of the feed', async () => {
    const feed = new MemoryFeed()
    const subgraph = openSubgraph(inventory, { commands: createInventoryCommands(served.storage), now: () => 1_000 })
    const context = createRoleContext('inventory', 'silent')
    const role = await serveSubgraph({ subgraph, storage: served.storage, changes: feed, port: 0 }, context)
    const client = createClient({ url: `${role.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
    const closed = new Promise<unknown>((resolve) => {
      client.on('closed', resolve)
    })
    const step = client.iterate({ query: 'subscription { stockChanged(storeId: "s1") { onHand } }' }).next()
    step.catch(() => {})
    await until(() => feed.followers === 1)
    expect(await context.metrics.getSingleMetricAsString('graphql_active_subscriptions')).toMatch(/ 1$/)
    await role[Symbol.asyncDispose]()
    expect(await closed).toMatchObject({ code: 1001 })
    await until(() => feed.followers === 0)
    expect(await context.metrics.getSingleMetricAsString('graphql_active_subscriptions')).toMatch(/ 0$/)
    await expect(fetch(`${role.url}/health/live`)).rejects.toThrow()
  })
})
