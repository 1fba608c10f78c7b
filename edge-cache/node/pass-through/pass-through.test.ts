import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { defaultPatience } from '../../../runtime/http/patience.ts'
import { createRoleContext, type RunningRole } from '../../../runtime/role.ts'
import { searchIndexExtension } from '../../../subgraphs/search/index/extension.ts'
import { openNodeData } from '../data/index.ts'
import { eventually, scratchFolder } from '../data/testing/conditions.ts'
import { MemoryCloud } from '../data/testing/memory-cloud.ts'
import { startEdge } from '../main.ts'
import { json, standIn, type StandIn } from './testing/stand-in.ts'

const committed = JSON.parse(readFileSync(new URL('../../../schema/manifest.json', import.meta.url), 'utf8')) as { operations: { id: string; name: string; type: string; body: string }[] }
const both = `query Both($ids: [ID!]!) {
  products(ids: $ids) { id name here: availability(storeId: "7") { onHand } there: availability(storeId: "8") { onHand } }
}`
const nameless = `query Nameless($ids: [ID!]!) {
  products(ids: $ids) { name there: availability(storeId: "8") { onHand } }
}`
const extra = [['Both', both], ['Nameless', nameless]].map(([name = '', body = '']) => ({ id: createHash('sha256').update(body).digest('hex'), name, type: 'query', body }))
const ids = new Map([...committed.operations, ...extra].map(({ id, name }) => [name, id]))
const idOf = (name: string): string => ids.get(name) ?? ''

interface Body {
  readonly data: unknown
  readonly errors?: readonly { readonly path: unknown; readonly message: string; readonly extensions: { readonly code: string } }[]
  readonly extensions: { readonly edge: { readonly online: boolean; readonly fromGateway?: readonly string[] } }
}

describe('what a store\'s node does not hold', () => {
  const folder = scratchFolder()
  const cloud = new MemoryCloud('7')
  let gateway: StandIn
  let node: RunningRole
  let figures: () => Promise<string>

  const ask = async (name: string, variables: object, headers: Record<string, string> = {}): Promise<Body> => {
    const response = await fetch(`${node.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ documentId: idOf(name), variables }) })
    expect(response.status).toBe(200)
    return (await response.json()) as Body
  }
  const codes = ({ errors = [] }: Body): string[] => errors.map(({ extensions }) => extensions.code)
  const where = { id: 'tea', near: { latitude: 51, longitude: 4 } }
  const nearest = (onHand: number) => [{ onHand, status: 'IN_STOCK', store: { id: '8', name: 'Hill', address: { street: null, city: null } } }]
  const foundNearby = (onHand: number) => ({ data: { product: { id: 'tea', name: 'Tea, as the cloud calls it', nearestAvailability: nearest(onHand) } } })

  beforeAll(async () => {
    const product = (id: string, name: string) => ({ entity: 'product', row: { id, name, description: null, brand: null, category_id: null, gtin: null, attributes: '[]', image_url: null } }) as const
    const store = (id: string, name: string) => ({ entity: 'store', row: { id, name, street: null, city: null, region: null, postcode: null, country: 'IE', latitude: null, longitude: null, timezone: 'Europe/Dublin', opening_hours: null } }) as const
    cloud.put(store('7', 'Harbour'), store('8', 'Hill'), product('tea', 'Green tea'), product('milk', 'Oat milk'), cloud.stock('tea', 5), cloud.stock('milk', 1))
  })
  beforeEach(async () => {
    gateway = await standIn()
    const manifest = join(folder.path, 'manifest.json')
    writeFileSync(manifest, JSON.stringify({ ...committed, operations: [...committed.operations, ...extra] }))
    const config = { ...defaultPatience, port: 0, host: '127.0.0.1', origin: 'http://localhost:9', gateway: gateway.url, gatewayDeadline: 400, store: '7', data: folder.path, manifest, bodyLimit: 65_536, clientOperations: 100, cacheBytes: 1_000_000, allowOrigin: [] }
    const context = createRoleContext('edge', 'silent')
    figures = () => context.metrics.metrics()
    node = await startEdge(config, context, async (_config, { log, metrics }, stack) =>
      stack.use(await openNodeData({ storeId: '7', directory: folder.path, origin: cloud, extensions: [searchIndexExtension], log, metrics, waitMs: 20, mostPauseMs: 50 })))
    await eventually(async () => (await fetch(`${node.url}/health/ready`)).status === 200, 'the node to be ready')
    await eventually(async () => (await ask('BrowseCategories', {})).extensions.edge.online, 'the link to be up')
  })
  afterEach(async () => {
    cloud.down = false
    await node[Symbol.asyncDispose]()
    await gateway[Symbol.asyncDispose]()
  })
  afterAll(() => folder[Symbol.dispose]())

  test('is asked of the gateway by the same id, variables and authority; the node\'s own part stays its own', async () => {
    gateway.answers(foundNearby(3))
    const answer = await ask('WhereInStock', where, { authorization: 'Bearer staff' })
    expect(answer).toMatchObject({
      data: { product: { id: 'tea', name: 'Green tea', nearestAvailability: nearest(3) } },
      extensions: { edge: { online: true, fromGateway: ['product.nearestAvailability'] } },
    })
    expect(answer.errors).toBeUndefined()
    expect(gateway.heard).toMatchObject([{ documentId: `sha256:${idOf('WhereInStock')}`, variables: where, headers: { authorization: 'Bearer staff' } }])
    expect(await figures()).toMatch(/aisle_edge_gateway_requests_total\{outcome="answered"[^}]*\} 1/)
  })

  test('is never kept, and the bearer of one caller never serves another', async () => {
    gateway.does((response, { headers }) => json(response, headers.authorization === undefined ? { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }] } : foundNearby(gateway.heard.length)))
    const all = await Promise.all([ask('WhereInStock', where, { authorization: 'Bearer one' }), ask('WhereInStock', where), ask('WhereInStock', where, { authorization: 'Bearer two' })])
    expect(all.map(codes)).toEqual([[], ['CLOUD_ONLY'], []])
    expect(gateway.heard.length).toBe(3)
    expect((await ask('WhereInStock', where, { authorization: 'Bearer one' })).data).toMatchObject({ product: { nearestAvailability: nearest(4) } })
  })

  test('has a tag of its own, which changes with what the gateway says', async () => {
    const parameters = new URLSearchParams({ documentId: idOf('WhereInStock'), variables: JSON.stringify(where) }).toString()
    const get = (held: string): Promise<Response> => fetch(`${node.url}/graphql?${parameters}`, { headers: { 'if-none-match': held } })
    gateway.answers(foundNearby(3))
    const first = (await get('"none"')).headers.get('etag') ?? ''
    expect((await get(first)).status).toBe(304)
    gateway.answers(foundNearby(4))
    expect((await get(first)).status).toBe(200)
  })

  test('does not replace the store\'s pending writes in the same answer', async () => {
    cloud.holdsLog = true
    try {
      const input = { operationId: 'a-sale', storeId: '7', productId: 'tea', kind: 'SALE', quantity: -2 }
      expect((await ask('RecordMovement', { input })).data).toMatchObject({ recordStockMovement: { pending: true } })
      gateway.answers({ data: { products: [{ id: 'tea', name: 'x', here: { onHand: 5 }, there: { onHand: 40 } }, { id: 'milk', name: 'x', here: { onHand: 9 }, there: { onHand: 41 } }] } })
      expect(await ask('Both', { ids: ['tea', 'milk'] })).toMatchObject({
        data: { products: [{ id: 'tea', name: 'Green tea', here: { onHand: 3 }, there: { onHand: 40 } }, { id: 'milk', here: { onHand: 1 }, there: { onHand: 41 } }] },
        extensions: { edge: { fromGateway: ['products.*.there'] } },
      })
    } finally {
      cloud.holdsLog = false
      cloud.release()
    }
  })

  test.each([
    ['in another order', 'Both', [{ id: 'milk', name: 'M', here: { onHand: 9 }, there: { onHand: 41 } }, { id: 'tea', name: 'T', here: { onHand: 9 }, there: { onHand: 40 } }]],
    ['without ids to tell them by', 'Nameless', [{ name: 'T', there: { onHand: 40 } }, { name: 'M', there: { onHand: 41 } }]],
  ])('of a list that comes %s, the whole list is the gateway\'s: no value is put on the wrong thing', async (_label, name, products) => {
    gateway.answers({ data: { products } })
    expect(await ask(name, { ids: ['tea', 'milk'] })).toMatchObject({ data: { products }, extensions: { edge: { fromGateway: ['products'] } } })
  })

  test('and the gateway refuses too, is refused in the gateway\'s words, with null where the node would put it', async () => {
    gateway.answers({ data: { products: [null, { id: 'milk', name: 'M', here: { onHand: 9 }, there: { onHand: 41 } }] }, errors: [{ message: 'No.', path: ['products', 0, 'there'], extensions: { code: 'STORE_UNKNOWN' } }] })
    const answer = await ask('Both', { ids: ['tea', 'milk'] })
    expect(answer).toMatchObject({ data: { products: [null, { id: 'milk', here: { onHand: 1 }, there: { onHand: 41 } }] }, errors: [{ path: ['products', 0, 'there'], extensions: { code: 'STORE_UNKNOWN' } }] })
    expect(answer.errors).toHaveLength(1)
  })

  const lying: [string, (response: ServerResponse) => void][] = [
    ['a captive portal that answers 200 with a page', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to our Wi-Fi</h1>')],
    ['a portal that answers JSON of its own', (response) => json(response, { login: 'required' }, 200, 'application/json')],
    ['a portal that says its JSON is GraphQL', (response) => json(response, { login: 'required' })],
    ['a portal that sends elsewhere', (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/login' }).end()],
    ['a proxy with nobody behind it', (response) => response.writeHead(502, { 'content-type': 'text/plain' }).end('Bad gateway')],
    ['a connection that breaks half-way', (response) => {
      response.writeHead(200, { 'content-type': 'application/graphql-response+json', 'content-length': '1000' }).write('{"data":')
      response.destroy()
    }],
    ['an answer that never ends', (response) => void response.writeHead(200, { 'content-type': 'application/graphql-response+json' }).write('{"data":')],
    ['silence', () => {}],
    ['an answer larger than any', (response) => json(response, { data: { product: { nearestAvailability: 'x'.repeat(5_000_000) } } })],
    ['values of another shape', (response) => json(response, { data: { product: { id: 'tea', nearestAvailability: 'many' } } })],
  ]
  test.each(lying)('from %s nothing is believed: the rest is answered, the rest refused by its code', async (_label, behaviour) => {
    gateway.does(behaviour)
    const answer = await ask('WhereInStock', where)
    expect({ codes: codes(answer), from: answer.extensions.edge.fromGateway, heard: gateway.heard.length }).toEqual({ codes: ['CLOUD_ONLY'], from: undefined, heard: 1 })
    expect(await figures()).toMatch(/aisle_edge_gateway_requests_total\{outcome="(failed|late)"[^}]*\} 1/)
  })

  test('costs nobody a wait once the gateway has failed some times, until it is back', async () => {
    gateway.does(() => {})
    await Promise.all([1, 2, 3].map(() => ask('WhereInStock', where)))
    const before = gateway.heard.length
    const began = performance.now()
    for (let at = 0; at < 20; at += 1) expect(codes(await ask('WhereInStock', where))).toEqual(['CLOUD_ONLY'])
    // Asked each time, it would have been 20 deadlines of 400 ms; at most a try now and then is.
    expect(performance.now() - began).toBeLessThan(4_000)
    expect(gateway.heard.length - before).toBeLessThan(10)
    gateway.answers(foundNearby(1))
    await eventually(async () => codes(await ask('WhereInStock', where)).length === 0, 'the gateway to be asked again')
  })

  test('never holds up what the node knows, however many wait for the gateway', async () => {
    let [open, most] = [0, 0]
    gateway.does((response) => {
      open += 1
      most = Math.max(most, open)
      response.once('close', () => (open -= 1))
    })
    const waiting = Array.from({ length: 40 }, () => ask('WhereInStock', where))
    await eventually(() => open === 16, 'as many requests as are let through')
    expect((await ask('ShelfLabel', { productId: 'tea', storeId: '7' })).data).toMatchObject({ product: { id: 'tea' } })
    expect((await Promise.all(waiting)).every((answer) => codes(answer)[0] === 'CLOUD_ONLY')).toBe(true)
    expect(most).toBe(16)
  })

  test('is refused at once while the store is offline, without asking', async () => {
    gateway.answers(foundNearby(3))
    cloud.down = true
    await eventually(async () => !(await ask('BrowseCategories', {})).extensions.edge.online, 'the node to notice')
    expect(codes(await ask('WhereInStock', where))).toEqual(['CLOUD_ONLY'])
    expect(codes(await ask('AppProduct', { ids: ['tea'], storeId: '8' }))).toContain('OUT_OF_SCOPE')
    expect(gateway.heard).toEqual([])
  })

  test('is not written through the gateway: another store\'s stock, and what only the cloud changes, are refused', async () => {
    const movement = { operationId: 'elsewhere', storeId: '8', productId: 'tea', kind: 'SALE', quantity: -1 }
    expect(codes(await ask('RecordMovement', { input: movement }))).toEqual(['OUT_OF_SCOPE'])
    expect(codes(await ask('SetPrice', { input: { operationId: 'p', productId: 'tea', amount: '1', currencyCode: 'EUR' } }))).toEqual(['CLOUD_ONLY'])
    expect(gateway.heard).toEqual([])
  })
})
