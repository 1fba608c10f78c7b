import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { defaultPatience } from '../../runtime/http/patience.ts'
import { createRoleContext, type RunningRole } from '../../runtime/role.ts'
import { readManifest } from '../../runtime/graphql/persisted.ts'
import { searchIndexExtension } from '../../subgraphs/search/index/extension.ts'
import { openNodeData } from './data/index.ts'
import { eventually, scratchFolder } from './data/testing/conditions.ts'
import { MemoryCloud } from './data/testing/memory-cloud.ts'
import { startEdge } from './main.ts'

const manifest = fileURLToPath(new URL('../../schema/manifest.json', import.meta.url))
const json = { 'content-type': 'application/json' }

describe('a store\'s node over HTTP and graphql-ws', () => {
  const folder = scratchFolder()
  const cloud = new MemoryCloud('7')
  const ids = new Map<string, string>()
  let node: RunningRole
  const start = (role = createRoleContext('edge', 'silent')): Promise<RunningRole> => {
    const config = { ...defaultPatience, port: 0, host: '127.0.0.1', origin: 'http://localhost:9', store: '7', data: folder.path, manifest, bodyLimit: 4096, clientOperations: 5, cacheBytes: 1_000_000, allowOrigin: ['https://shop.example'] }
    return startEdge(config, role, async (_config, { log, metrics }, stack) =>
      stack.use(await openNodeData({ storeId: '7', directory: folder.path, origin: cloud, extensions: [searchIndexExtension], log, metrics, waitMs: 20 })))
  }

  beforeAll(async () => {
    for (const [id, body] of await readManifest(manifest)) ids.set(/(?:query|mutation|subscription) (\w+)/.exec(body)?.[1] ?? '', id)
    cloud.put(
      { entity: 'store', row: { id: '7', name: 'Harbour', street: null, city: 'Cork', region: null, postcode: null, country: 'IE', latitude: null, longitude: null, timezone: 'Europe/Dublin', opening_hours: null } },
      { entity: 'product', row: { id: 'tea', name: 'Green tea', description: null, brand: null, category_id: null, gtin: null, attributes: '[]', image_url: null } },
      { entity: 'list_price', row: { product_id: 'tea', amount_minor: 249, currency: 'EUR', updated_at: 1 } },
      { entity: 'device', row: { id: 'd1', store_id: '7', kind: 'DISPLAY', firmware: null, status: 'ONLINE', last_seen_at: null, shows: '["tea"]' } },
      cloud.stock('tea', 5),
    )
    node = await start()
    await eventually(async () => (await fetch(`${node.url}/health/ready`)).status === 200, 'the node to be ready')
  })

  afterAll(async () => {
    await node[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  const id = (name: string): string => ids.get(name) ?? ''
  const label = { productId: 'tea', storeId: '7' }
  const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${node.url}/graphql`, { method: 'POST', headers: { ...json, ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) })
  const get = (parameters: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${node.url}/graphql?${new URLSearchParams(parameters).toString()}`, { headers })
  const codeOf = async (response: Response): Promise<{ status: number; code: unknown }> => {
    const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] }
    return { status: response.status, code: errors?.[0]?.extensions.code }
  }

  test.each([
    ['documentId', () => ({ documentId: id('ShelfLabel') })],
    ['documentId with its algorithm', () => ({ documentId: `sha256:${id('ShelfLabel')}` })],
    ['Apollo\'s persisted query', () => ({ extensions: { persistedQuery: { version: 1, sha256Hash: id('ShelfLabel') } } })],
  ])('answers an operation named by %s, and says how old the answer is', async (_label, name) => {
    const response = await post({ ...name(), variables: label })
    expect(response.status).toBe(200)
    expect(response.headers.get('age')).toMatch(/^\d+$/)
    expect(response.headers.get('etag')).toMatch(/^W\/"/)
    expect(await response.json()).toEqual({
      data: { product: { id: 'tea', name: 'Green tea', brand: null, gtin: null, price: { amount: { amount: '2.49', currencyCode: 'EUR' }, updatedAt: '1970-01-01T00:00:00.001Z' }, availability: { onHand: 5, status: 'IN_STOCK' } } },
      extensions: { edge: { asOf: expect.stringMatching(/Z$/), position: expect.stringMatching(/^first:\d+$/), ageSeconds: expect.any(Number), online: true } },
    })
  })

  test('answers queries by GET, with 304 to who has the answer already', async () => {
    const parameters = { documentId: id('ShelfLabel'), variables: JSON.stringify(label) }
    const first = await get(parameters)
    const etag = first.headers.get('etag') ?? ''
    expect(first.status).toBe(200)
    // Compared weakly: what stands between may have taken the W/ away.
    for (const held of [etag, etag.slice(2), `"other",${etag} , "another"`, '*']) {
      const second = await get(parameters, { 'if-none-match': held })
      expect({ held, status: second.status, etag: second.headers.get('etag'), body: await second.text() }).toEqual({ held, status: 304, etag, body: '' })
    }
    for (const other of ['"other"', `W/"x${etag.slice(3)}`, '']) expect((await get(parameters, { 'if-none-match': other })).status).toBe(200)
    // Only what was got can be held; and what was got with one token is not what another gets.
    for (const headers of [{}, { origin: 'https://shop.example' }]) expect((await post({ documentId: id('ShelfLabel'), variables: label }, { 'if-none-match': etag, ...headers })).status).toBe(200)
    expect(first.headers.get('vary')?.split(', ')).toEqual(expect.arrayContaining(['accept', 'authorization', 'origin']))
  })

  test('what was asked in the same words is answered in the kind that each client takes', async () => {
    const parameters = { documentId: id('ShelfLabel'), variables: JSON.stringify(label) }
    for (const [accept, type] of [['application/graphql-response+json', 'application/graphql-response+json'], ['*/*', 'application/json'], ['text/event-stream, application/json;q=0.5', 'application/json']] as const) {
      const answers = [await get(parameters, { accept }), await post({ documentId: id('ShelfLabel'), variables: label }, { accept })]
      expect({ accept, types: answers.map(({ headers }) => headers.get('content-type')) }).toEqual({ accept, types: [`${type}; charset=utf-8`, `${type}; charset=utf-8`] })
    }
  })

  test('bodies that differ in the bits of one letter have answers of their own', async () => {
    const found = async (query: string): Promise<number> => ((await (await post({ documentId: id('SuggestProducts'), variables: { prefix: query } })).json()) as { data: { suggest: unknown[] } }).data.suggest.length
    // The same letters but for the highest bit of each byte.
    const twin = Buffer.from('té').toString('ascii')
    expect([await found(twin), await found('té'), await found(twin), await found('té')]).toEqual([0, expect.any(Number), 0, expect.any(Number)])
    expect(await found('té')).toBeGreaterThan(0)
  })

  test('a display that asks again gets 304 until what it shows changes, whatever way it asks', async () => {
    const parameters = { documentId: id('ShelfLabel'), variables: JSON.stringify(label) }
    const ask = async (etag: string) => {
      const [mine, others] = await Promise.all([get(parameters, { 'if-none-match': `"other", ${etag}` }), get(parameters, { origin: 'https://shop.example', 'if-none-match': etag })])
      return [mine.status, others.status]
    }
    const etag = (await get(parameters)).headers.get('etag') ?? ''
    expect(await ask(etag)).toEqual([304, 304])
    cloud.put({ entity: 'list_price', row: { product_id: 'other', amount_minor: 1, currency: 'EUR', updated_at: 1 } })
    cloud.put({ entity: 'product', row: { id: 'tea', name: 'Green tea', description: 'new', brand: null, category_id: null, gtin: null, attributes: '[]', image_url: null } })
    await eventually(async () => (await ask(etag)).every((status) => status === 200), 'the change to arrive')
    expect((await get(parameters, { 'if-none-match': etag.slice(2) })).status).toBe(200)
    const posted = await post({ documentId: id('ShelfLabel'), variables: label })
    expect(await ask(posted.headers.get('etag') ?? '')).toEqual([304, 304])
  })

  test('an answer is the same whether it is made, found or handed on to the router, and each is counted once', async () => {
    const parameters = { documentId: id('ShelfLabel'), variables: JSON.stringify({ ...label, unknown: 'lanes' }) }
    const counted = async (): Promise<{ readonly done: number; readonly open: number }> => {
      const figures = await (await fetch(`${node.url}/metrics`)).text()
      const done = [...figures.matchAll(/^http_server_request_duration_seconds_count\{(?=[^}]*"GET")(?=[^}]*"200")(?=[^}]*"\/graphql")[^}]*\} (\d+)/gm)]
      return { done: done.reduce((sum, [, count]) => sum + Number(count), 0), open: Number(/http_server_active_requests\{[^}]*\} (-?\d+)/.exec(figures)?.[1]) }
    }
    const before = await counted()
    const answers: unknown[] = []
    const shop = { origin: 'https://shop.example' }
    for (const [nth, other] of [{}, {}, {}, shop, {}].entries()) {
      const response = await get(parameters, { ...other, accept: 'application/graphql-response+json', 'x-request-id': `lane-${nth}` })
      const text = await response.text()
      const { status, headers } = response
      expect({ status, id: headers.get('x-request-id'), length: headers.get('content-length') }).toEqual({ status: 200, id: `lane-${nth}`, length: String(Buffer.byteLength(text)) })
      const head = Object.fromEntries(['etag', 'content-type', 'cache-control'].map((name) => [name, headers.get(name)]))
      const { extensions, ...body } = JSON.parse(text) as { readonly extensions: { readonly edge: object } }
      answers.push({ head, body, edge: Object.keys(extensions.edge), vary: headers.get('vary')?.toLowerCase().includes('accept, origin, authorization') })
    }
    expect(answers).toEqual(answers.map(() => answers[0]))
    await eventually(async () => {
      const now = await counted()
      return now.done === before.done + answers.length && now.open === 0
    }, 'each request to be counted')
  })

  test('a body that reads as the URL of a ready answer is a body', async () => {
    const url = `/graphql?${new URLSearchParams({ documentId: id('ShelfLabel'), variables: JSON.stringify(label) }).toString()}`
    for (const _time of [1, 2, 3]) expect((await fetch(`${node.url}${url}`)).status).toBe(200)
    for (const body of [url, `\n${url}`, `\r${url}`]) expect(await codeOf(await post(body))).toEqual({ status: 400, code: 'BAD_REQUEST' })
  })

  test.each([
    ['an id that is not in the manifest', () => post({ documentId: 'ab'.repeat(32) }), 404, 'PERSISTED_QUERY_NOT_IN_LIST'],
    ['a document of the client\'s own', () => post({ query: '{ __typename }' }), 400, 'PERSISTED_QUERY_ID_REQUIRED'],
    ['both an id and a document', () => post({ documentId: id('ShelfLabel'), query: '{ __typename }' }), 400, 'CANNOT_SEND_PQ_ID_AND_BODY'],
    ['a mutation by GET', () => get({ documentId: id('RecordCount') }), 405, 'METHOD_NOT_ALLOWED'],
    ['another method', () => fetch(`${node.url}/graphql`, { method: 'PUT', headers: json, body: '{}' }), 405, 'METHOD_NOT_ALLOWED'],
    ['a batch', () => post([{ documentId: id('ShelfLabel') }]), 400, 'BATCHING_NOT_ENABLED'],
    ['bytes that are no text', () => fetch(`${node.url}/graphql`, { method: 'POST', headers: json, body: Buffer.from(JSON.stringify({ documentId: id('ShelfLabel'), variables: { ...label, productId: 'te\u00e4' } }), 'latin1') }), 400, 'BAD_REQUEST'],
    ['QUERY without a content type', () => fetch(`${node.url}/graphql`, { method: 'QUERY' }), 405, 'METHOD_NOT_ALLOWED'],
    ['a body that is no JSON', () => post('{'), 400, 'BAD_REQUEST'],
    ['a body of another type', () => post('{}', { 'content-type': 'text/plain' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a body that is too large', () => post({ documentId: 'x'.repeat(5000) }), 413, 'PAYLOAD_TOO_LARGE'],
    ['a client that takes neither JSON', () => post({ documentId: id('ShelfLabel'), variables: label }, { accept: 'text/html' }), 406, 'NOT_ACCEPTABLE'],
    ['a client that takes streams of events alone', () => get({ documentId: id('ShelfLabel'), variables: JSON.stringify(label) }, { accept: 'text/event-stream' }), 406, 'NOT_ACCEPTABLE'],
    ['a GET sent by another site', () => get({ documentId: id('ShelfLabel') }, { 'sec-fetch-site': 'cross-site' }), 400, 'CSRF_PREVENTED'],
    ['another operation\'s name', () => post({ documentId: id('ShelfLabel'), operationName: 'Other' }, { accept: 'application/graphql-response+json' }), 400, 'OPERATION_RESOLUTION_FAILURE'],
    ['variables that do not fit', () => post({ documentId: id('ShelfLabel'), variables: {} }, { accept: 'application/graphql-response+json' }), 400, 'BAD_USER_INPUT'],
    ['a subscription over plain HTTP', () => post({ documentId: id('WatchStock') }), 400, 'BAD_REQUEST'],
  ])('refuses %s, and says how old what it stands on is', async (_label, send, status, code) => {
    const response = await send()
    expect({ age: response.headers.get('age'), etag: response.headers.get('etag') }).toEqual({ age: expect.stringMatching(/^\d+$/), etag: expect.stringMatching(/^W\/".+"$/) })
    expect(await codeOf(response)).toEqual({ status, code })
  })

  test('lets the pages of a site that is named use it, and tells the browser so', async () => {
    const origin = 'https://shop.example'
    const preflight = await fetch(`${node.url}/graphql`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
    const parameters = { documentId: id('ShelfLabel'), variables: JSON.stringify(label) }
    const own = await get(parameters, { origin, 'sec-fetch-site': 'cross-site' })
    expect({ status: own.status, allowed: own.headers.get('access-control-allow-origin') }).toEqual({ status: 200, allowed: origin })
    const other = await get(parameters, { origin: 'https://other.example', 'sec-fetch-site': 'cross-site' })
    expect({ ...(await codeOf(other)), allowed: other.headers.get('access-control-allow-origin') }).toEqual({ status: 400, code: 'CSRF_PREVENTED', allowed: null })
  })

  test('what only the cloud answers, and what another store has, is refused by its code; the rest is answered', async () => {
    const only = (await (await post({ documentId: id('WhereInStock'), variables: { id: 'tea', near: { latitude: 0, longitude: 0 } } })).json()) as { errors: { path: unknown; extensions: unknown }[] }
    expect(only.errors).toMatchObject([{ path: ['product', 'nearestAvailability'], extensions: { code: 'CLOUD_ONLY' } }])
    const other = (await (await post({ documentId: id('AppProduct'), variables: { ids: ['tea'], storeId: '8' } })).json()) as { data: unknown; errors: { extensions: { code: string } }[] }
    expect(other.data).toEqual({ products: [null] })
    expect(other.errors.map((error) => error.extensions.code)).toEqual(['OUT_OF_SCOPE', 'OUT_OF_SCOPE'])
  })

  test('a write is answered at once as pending, seen by the next query, and told to subscribers by the persisted id', async () => {
    cloud.down = true
    const client = createClient({ url: `${node.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
    const events: unknown[] = []
    let connected = false
    client.on('connected', () => {
      connected = true
    })
    const unsubscribe = client.subscribe(
      { query: '', extensions: { persistedQuery: { version: 1, sha256Hash: id('DisplayStock') } }, variables: { storeId: '7' } },
      { next: (event) => events.push(event), error: (error) => events.push(error), complete: () => {} },
    )
    await eventually(() => connected, 'the socket to be open')
    let sold = 0
    await eventually(async () => {
      sold += 1
      const input = { operationId: `sale-${sold}`, storeId: '7', productId: 'tea', kind: 'SALE', quantity: -1 }
      const answer = (await (await post({ documentId: id('RecordMovement'), variables: { input } })).json()) as { data: { recordStockMovement: object } }
      expect(answer.data.recordStockMovement).toMatchObject({ pending: true, userErrors: [], availability: { onHand: 5 - sold, product: { id: 'tea', name: 'Green tea' } } })
      return events.length > 0
    }, 'the subscriber to hear of a sale')
    expect(events[0]).toMatchObject({ data: { stockChanged: { product: { id: 'tea' }, onHand: expect.any(Number) } }, extensions: { edge: { position: expect.any(String) } } })
    const seen = (await (await post({ documentId: id('ShelfLabel'), variables: label })).json()) as { data: { product: { availability: object } } }
    expect(seen.data.product.availability).toMatchObject({ onHand: 5 - sold })
    unsubscribe()
    await client.dispose()
    cloud.down = false
    await eventually(() => cloud.levelOf('tea') === 5 - sold, 'the sales to be delivered')
  })

  test('over the socket too, only persisted operations are answered', async () => {
    const client = createClient({ url: `${node.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
    const refusal = await new Promise((resolve) => {
      client.subscribe({ query: 'subscription { stockChanged(storeId: "7") { onHand } }' }, { next: resolve, error: resolve, complete: () => resolve(null) })
    })
    expect(refusal).toMatchObject([{ extensions: { code: 'PERSISTED_QUERY_ID_REQUIRED' } }])
    await client.dispose()
  })

  test.each([['a query', 'ShelfLabel'], ['a write', 'RecordCount'], ['a subscription', 'WatchStock']])('%s that is refused over the socket ends alone, and says how old what it stands on is', async (_label, name) => {
    const client = createClient({ url: `${node.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false })
    const ask = (operation: string, variables: Record<string, unknown>) => client.iterate({ query: '', extensions: { persistedQuery: { version: 1, sha256Hash: id(operation) } }, variables }).next()
    expect((await ask(name, {})).value).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }], extensions: { edge: { position: expect.any(String) } } })
    expect((await ask('ShelfLabel', label)).value).toMatchObject({ data: { product: { id: 'tea' } } })
    await client.dispose()
  })

  test('a connection on which as many operations run as may is told so, keeps them, and may begin another when one has ended', async () => {
    const client = createClient({ url: `${node.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false })
    const ask = (operation: string, variables: Record<string, unknown>) => client.iterate({ query: '', extensions: { persistedQuery: { version: 1, sha256Hash: id(operation) } }, variables })
    const watched = Array.from({ length: 5 }, () => ask('WatchStock', { storeId: '7', productIds: ['tea'] }))
    const [first, ...others] = watched.map((events) => events.next())
    await expect(ask('ShelfLabel', label).next()).rejects.toMatchObject([{ extensions: { code: 'TOO_MANY_OPERATIONS' } }])
    await watched[0]?.return?.()
    await first
    await eventually(async () => (await ask('ShelfLabel', label).next().catch(() => null)) !== null, 'room for another')
    cloud.put(cloud.stock('tea', 6))
    for (const event of await Promise.all(others)) expect(event.value).toMatchObject({ data: { stockChanged: { onHand: 6 } } })
    cloud.put(cloud.stock('tea', 5))
    await client.dispose()
  })

  test('serves a display page that needs nothing from elsewhere', async () => {
    const response = await fetch(`${node.url}/display/d1`)
    const page = await response.text()
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page).toContain(`"deviceId":"d1"`)
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    for (const [, path] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) expect((await fetch(`${node.url}${path}`)).status).toBe(200)
  })

  test('has the figures and the health that every role has', async () => {
    expect((await fetch(`${node.url}/health/live`)).status).toBe(200)
    expect(await (await fetch(`${node.url}/metrics`)).text()).toMatch(/aisle_edge_cache_hits_total\{[^}]*\} [1-9]/)
    expect(await (await fetch(`${node.url}/metrics`)).text()).toContain('process_cpu_seconds_total')
  })

  test('after a restart what was asked for is ready again, as of what happened meanwhile', async () => {
    await get({ documentId: id('ShelfLabel'), variables: JSON.stringify(label) })
    await node[Symbol.asyncDispose]()
    const changed = cloud.stock('tea', 77)
    cloud.put(changed)
    const context = createRoleContext('edge', 'silent')
    node = await start(context)
    const figure = async (name: string): Promise<number> => Number(new RegExp(`${name}\\{[^}]*\\} (\\d+)`).exec(await context.metrics.metrics())?.[1])
    await eventually(async () => (await figure('aisle_edge_cache_answers')) > 0, 'answers to be made ready without being asked for')
    await eventually(async () => ((await (await get({ documentId: id('ShelfLabel'), variables: JSON.stringify(label) })).json()) as { data: { product: { availability: { onHand: number } } } }).data.product.availability.onHand === 77, 'the change of meanwhile')
  })
})
