import { mkdtemp, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { demoSource } from '../../local/demo/source.ts'
import { importData } from '../../local/import/import.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../local/postgres/embedded.ts'
import { trainRecommendations } from '../../subgraphs/recommendation/train/train.ts'
import { migrate } from '../../subgraphs/storage/postgres/migrate.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { ask, operationIds, subscribe, type Answer, type Json } from '../environment/client.ts'
import { startClients } from '../environment/load.ts'
import { startStack, subgraphNames, type Stack } from '../environment/stack.ts'
import { until } from '../environment/wait.ts'

/** A demo chain, small enough to load in a moment. */
const products = 150

describe('a day in a store', () => {
  let folder: string
  let postgres: EmbeddedPostgres
  let stack: Stack
  let operations: Awaited<ReturnType<typeof operationIds>>
  let storeId: string
  let productIds: string[]
  let deviceIds: { display: string; freezer: string }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aisle-story-'))
    postgres = await startEmbeddedPostgres({ directory: join(folder, 'postgres'), durable: true })
    {
      await using storage = openPostgres(postgres.url)
      await migrate(storage)
      await importData(demoSource({ products, seed: 'story', now: Date.now() }), storage, {})
      await trainRecommendations(storage, {})
      storeId = (await storage.db.selectFrom('store').select('id').orderBy('id').executeTakeFirstOrThrow()).id
      productIds = (await storage.db.selectFrom('stock').select('product_id').where('store_id', '=', storeId).orderBy('product_id').limit(20).execute()).map((row) => row.product_id)
      const device = async (kind: string): Promise<string> =>
        (await storage.db.selectFrom('device').select('id').where('store_id', '=', storeId).where('kind', '=', kind).orderBy('id').executeTakeFirstOrThrow()).id
      deviceIds = { display: await device('DISPLAY'), freezer: await device('FREEZER') }
    }
    operations = await operationIds()
    stack = await startStack(postgres.url, storeId, undefined, { passThrough: true })
  }, 180_000)

  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]()
    await postgres?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  const id = (name: string): string => operations.get(name)?.id ?? `no operation ${name}`
  const first = (): string => productIds[0] ?? ''
  const movement = (productId: string, quantity: number): Record<string, unknown> => ({
    documentId: id('RecordMovement'),
    variables: { input: { operationId: randomUUID(), storeId, productId, kind: quantity < 0 ? 'SALE' : 'RECEIPT', quantity } },
  })
  const onHand = async (url: string, productId: string): Promise<unknown> =>
    (await ask(url, { documentId: id('ShelfLabel'), variables: { productId, storeId } })).data.product?.availability?.onHand

  test('one query is answered by all four subgraphs', async () => {
    const answer = await ask(stack.gateway.url, {
      query: `query Everything($id: ID!, $storeId: ID!) {
        product(id: $id) {
          name
          price(storeId: $storeId) { amount { amount currencyCode } }
          availability(storeId: $storeId) { onHand store { name devices(first: 2) { nodes { id kind } } } }
          similar(first: 3) { score product { name } }
        }
      }`,
      variables: { id: first(), storeId },
    })
    expect(answer.errors).toEqual([])
    expect(answer.data.product).toMatchObject({
      name: expect.any(String),
      price: { amount: { amount: expect.stringMatching(/^\d+\.\d\d$/), currencyCode: expect.any(String) } },
      availability: { onHand: expect.any(Number), store: { name: expect.any(String), devices: { nodes: [{ id: expect.any(String) }, { id: expect.any(String) }] } } },
    })
    expect(answer.data.product?.similar).toHaveLength(3)
  })

  test('the same persisted operation gives the same data at the gateway and at the node', async () => {
    await quiet()
    for (const { name, variables } of queries()) {
      const [cloud, store] = [await ask(stack.gateway.url, { documentId: id(name), variables }), await ask(stack.edge.url, { documentId: id(name), variables })]
      expect({ name, errors: cloud.errors }).toEqual({ name, errors: [] })
      expect({ name, errors: store.errors }).toEqual({ name, errors: [] })
      expect(`${name} ${store.dataText}`).toBe(`${name} ${cloud.dataText}`)
      expect(store.extensions.edge).toMatchObject({ online: true, position: expect.any(String), asOf: expect.any(String), ageSeconds: expect.any(Number) })
    }
  })

  test('a page of products takes a number of SQL statements that does not grow with the page', async () => {
    const query = `query Page($first: Int!, $storeId: ID!) {
      search(query: "", first: $first) {
        nodes {
          name
          category { name path }
          price(storeId: $storeId) { amount { amount } }
          availability(storeId: $storeId) { onHand }
          similar(first: 3) { product { name } }
          boughtTogether(first: 3) { product { name price(storeId: $storeId) { amount { amount } } } }
        }
      }
    }`
    const counts = new Map<number, number>()
    for (const size of [2, 10, 50]) {
      // The device subgraph also runs statements of its own once a minute, so the smaller of two counts is the page's.
      for (let round = 0; round < 2; round += 1) {
        const before = await statements()
        const answer = await ask(stack.gateway.url, { query, variables: { first: size, storeId } })
        expect(answer.errors).toEqual([])
        expect(answer.data.search?.nodes).toHaveLength(size)
        counts.set(size, Math.min(counts.get(size) ?? Infinity, await statements() - before))
      }
    }
    expect(counts.get(50)).toBeGreaterThan(4)
    expect(counts.get(50)).toBeLessThan(20)
    expect([...counts.values()]).toEqual([...counts.values()].fill(counts.get(50) ?? 0))
  })

  test('what the store does not hold is the gateway\'s answer while there is a link; the rest is the store\'s own', async () => {
    const found = await ask(stack.gateway.url, { documentId: id('FindStores'), variables: { first: 2 } })
    const other = found.data.stores?.edges?.[1 as never] as unknown as { node: { id: string } } | undefined
    const elsewhere = { documentId: id('AppProduct'), variables: { ids: [first()], storeId: other?.node.id, withSimilar: true } }
    const near = { documentId: id('WhereInStock'), variables: { id: first(), near: { latitude: 51, longitude: 4 } } }
    for (const request of [elsewhere, near]) {
      const [cloud, store] = [await ask(stack.gateway.url, request), await ask(stack.edge.url, request)]
      expect({ data: store.dataText, errors: store.errors }).toEqual({ data: cloud.dataText, errors: [] })
      expect(store.extensions.edge).toMatchObject({ online: true, fromGateway: request === near ? ['product.nearestAvailability'] : ['products.*.price', 'products.*.availability'] })
    }
  })

  test('a sale at the gateway reaches subscribers at the gateway and in the store, joined with the product\'s name', async () => {
    const variables = { storeId, productIds: [first()] }
    using cloud = subscribe(stack.gateway.url, { documentId: id('WatchStock'), variables })
    using store = subscribe(stack.edge.url, { documentId: id('WatchStock'), variables })
    await Promise.all([cloud.started, store.started])
    const before = Number(await onHand(stack.gateway.url, first()))
    let sold = 0
    // A subscription may still be on its way upstream when the first sale happens, so shoppers go on buying.
    await until('both subscribers to hear of a sale', async () => {
      const answer = await ask(stack.gateway.url, movement(first(), -1))
      expect(answer.errors).toEqual([])
      sold += 1
      return cloud.events.length > 0 && store.events.length > 0
    })
    for (const { events } of [cloud, store]) {
      expect(events[0]?.data?.stockChanged).toMatchObject({ product: { id: first(), name: expect.any(String) }, onHand: expect.any(Number) })
    }
    await until('the node to have every sale', async () => (await onHand(stack.edge.url, first())) === before - sold)
    expect(await onHand(stack.gateway.url, first())).toBe(before - sold)
  })

  test('a gateway that is killed under load fails what it had in hand at once, and costs the store what only it knows, until it is back', async () => {
    const { url } = stack.gateway
    const product = productIds[3] ?? ''
    const found = await ask(url, { documentId: id('FindStores'), variables: { first: 2 } })
    const other = found.data.stores?.edges?.[1 as never] as unknown as { node: { id: string } } | undefined
    const nearby = { documentId: id('AppProduct'), variables: { ids: [first()], storeId: other?.node.id, withSimilar: true } }
    const elsewhere = await until('the gateway\'s answer at the node', async () => {
      const { errors, dataText } = await ask(stack.edge.url, nearby)
      return errors.length === 0 && dataText
    })
    const before = Number(await onHand(url, product))
    using watching = subscribe(url, { documentId: id('WatchStock'), variables: { storeId, productIds: [product] } }, { again: true })
    using inStore = subscribe(stack.edge.url, { documentId: id('DisplayStock'), variables: { storeId, productIds: [product] } })
    await Promise.all([watching.started, inStore.started])
    const at = startClients(10, () => movement(product, 1), url)
    const through = startClients(10, () => nearby, stack.edge.url)
    const within = startClients(5, () => ({ documentId: id('ShelfLabel'), variables: { productId: first(), storeId } }), stack.edge.url)
    await until('answers of both', () => at.answers.length > 50 && through.answers.length > 50)
    expect(at.failures).toEqual([])
    const killedAt = performance.now()
    await stack.gateway.kill()
    await until('every client to have noticed', () => at.failures.length >= 10)
    await at.stop()
    // No request hangs: what was under way breaks off, what begins later is refused.
    expect(at.failures.filter(({ failedAt, began }) => failedAt - Math.max(began, killedAt) > 2_000)).toEqual([])
    const asked = through.answers.length
    await until('answers without the gateway', () => through.answers.length > asked + 50)
    expect(await through.stop()).toEqual([])
    expect(await within.stop()).toEqual([])
    for (const { status, data, errors } of within.answers) expect({ status, errors, product: data.product?.id }).toEqual({ status: 200, errors: [], product: first() })
    for (const { status, errors, ms, dataText } of through.answers) {
      const codes = new Set(errors.map(({ extensions }) => extensions?.code))
      // A product's availability can't be null, so the product is: what is left of this answer. What lies within the store is answered above.
      expect({ status, dataText, codes }).toEqual(errors.length === 0 ? { status: 200, dataText: elsewhere, codes } : { status: 200, dataText: '{"products":[null]}', codes: new Set(['OUT_OF_SCOPE']) })
      expect(ms).toBeLessThan(5_000)
    }
    expect((await ask(stack.edge.url, nearby)).dataText).toBe('{"products":[null]}')
    expect(await onHand(stack.edge.url, product)).toEqual(expect.any(Number))

    await stack.restartGateway()
    // Whoever does not know whether it was taken asks again under the same id.
    for (const { request } of at.failures) expect((await ask(url, request)).errors).toEqual([])
    const writes = at.answers.length + at.failures.length
    const level = before + writes
    expect(at.answers.filter(({ errors }) => errors.length > 0)).toEqual([])
    expect(await onHand(url, product)).toBe(level)
    await until('the level in the store', async () => (await onHand(stack.edge.url, product)) === level)
    await until('the gateway\'s answer at the node again', async () => (await ask(stack.edge.url, nearby)).dataText === elsewhere)
    const last = level + 1
    await until('the subscription to go on', async () => {
      await ask(url, { documentId: id('RecordMovement'), variables: { input: { operationId: `${storeId} after the gateway`, storeId, productId: product, kind: 'RECEIPT', quantity: 1 } } })
      return watching.events.at(-1)?.data?.stockChanged?.onHand === (last as unknown)
    })
    await until('the store\'s screen', () => inStore.events.at(-1)?.data?.stockChanged?.onHand === (last as unknown))
  })

  test('with the whole cloud gone the store goes on, also after a restart; its writes arrive once each', async () => {
    await quiet()
    const [counted, moved] = [productIds[1] ?? '', productIds[2] ?? '']
    const start = { moved: Number(await onHand(stack.edge.url, moved)) }

    await stack.cutCloud()
    await postgres.kill()
    const offline = await until('the node to notice', async () => {
      const answer = await ask(stack.edge.url, { documentId: id('AppHome'), variables: { storeId } })
      return answer.extensions.edge?.online === (false as never) ? answer : null
    })
    expect(offline.errors).toEqual([])
    await everyQueryAnswers()

    // Three kinds of writes, one of them sent twice as a handheld with a bad link would.
    const sale = movement(moved, -2)
    const count = { documentId: id('RecordCount'), variables: { input: { operationId: randomUUID(), storeId, productId: counted, counted: 41 } } }
    const at = new Date().toISOString()
    const readings = {
      documentId: id('ReportReadings'),
      variables: { input: { operationId: randomUUID(), deviceId: deviceIds.freezer, readings: [{ metric: 'temperature', at, value: -17.25 }] } },
    }
    for (const write of [sale, sale, count, readings]) expect(payload(await ask(stack.edge.url, write))).toMatchObject({ pending: true, userErrors: [] })
    expect(await onHand(stack.edge.url, moved)).toBe(start.moved - 2)
    expect(await onHand(stack.edge.url, counted)).toBe(41)

    await stack.restartEdge()
    expect(await onHand(stack.edge.url, moved)).toBe(start.moved - 2)
    expect(await onHand(stack.edge.url, counted)).toBe(41)
    await everyQueryAnswers()

    const { port } = postgres
    postgres = await startEmbeddedPostgres({ directory: join(folder, 'postgres'), port, durable: true })
    await stack.restoreCloud()
    await until('the writes to arrive', async () => (await onHand(stack.gateway.url, moved)) === start.moved - 2 && (await onHand(stack.gateway.url, counted)) === 41)
    // The handheld asks the cloud itself, for want of the first answer: nothing changes, and it gets the same outcome.
    expect(payload(await ask(stack.gateway.url, sale))).toMatchObject({ pending: false, userErrors: [], availability: { onHand: start.moved - 2 } })
    expect(payload(await ask(stack.edge.url, sale))).toMatchObject({ userErrors: [] })

    await quiet()
    await using storage = openPostgres(postgres.url)
    const recorded = await storage.db.selectFrom('movement').select(['product_id', 'kind', 'quantity', 'counted']).where('recorded_at', '>', Date.parse(at) - 60_000)
      .where('product_id', 'in', [moved, counted]).orderBy('kind').execute()
    expect(recorded).toEqual([{ product_id: counted, kind: 'COUNT', quantity: null, counted: 41 }, { product_id: moved, kind: 'SALE', quantity: -2, counted: null }])
    expect(await storage.db.selectFrom('reading').select('value').where('device_id', '=', deviceIds.freezer).where('at', '=', Date.parse(at)).execute()).toEqual([{ value: -17.25 }])
    expect(await onHand(stack.edge.url, moved)).toBe(start.moved - 2)
    for (const { name, variables } of queries()) {
      const [cloud, store] = [await ask(stack.gateway.url, { documentId: id(name), variables }), await ask(stack.edge.url, { documentId: id(name), variables })]
      expect(`${name} ${store.dataText}`).toBe(`${name} ${cloud.dataText}`)
    }
  }, 180_000)

  /** SQL statements that the four subgraphs have run for requests so far, by their own count. */
  async function statements(): Promise<number> {
    const counts = await Promise.all(subgraphNames.map(async (name) => {
      const metrics = await (await fetch(`${stack.role(name).url}/metrics`)).text()
      return [...metrics.matchAll(/^db_client_operation_duration_seconds_count\{.*\} (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0)
    }))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Waits until every change is in the log, and the node stands at its head with nothing left to deliver. */
  async function quiet(): Promise<void> {
    await using storage = openPostgres(postgres.url)
    await until('the log to be quiet and the node at its head', async () => {
      const { rows } = await storage.pool.query<{ position: string; waiting: number }>(
        `select (select epoch || ':' || batch from log_fence) as position, (select count(*)::int from outbox) as waiting`,
      )
      const answer = await ask(stack.edge.url, { documentId: id('ShelfLabel'), variables: { productId: first(), storeId } })
      return rows[0]?.waiting === 0 && (answer.extensions.edge?.position as unknown) === rows[0].position
    })
  }

  async function everyQueryAnswers(): Promise<void> {
    for (const { name, variables } of queries()) {
      const answer = await ask(stack.edge.url, { documentId: id(name), variables })
      expect({ name, status: answer.status, errors: answer.errors }).toEqual({ name, status: 200, errors: [] })
      expect(answer.extensions.edge).toMatchObject({ online: false })
    }
  }

  function payload(answer: Answer): Json {
    expect(answer.errors).toEqual([])
    return Object.values(answer.data)[0] ?? {}
  }

  /** Every persisted query that the store answers by itself, with variables that reach into the data. */
  function queries(): { readonly name: string; readonly variables: Record<string, unknown> }[] {
    const productId = first()
    const now = Math.floor(Date.now() / 3_600_000) * 3_600_000
    return [
      { name: 'ProductPage', variables: { id: productId, storeId } },
      { name: 'SearchProducts', variables: { query: 'milk', storeId } },
      { name: 'SearchProducts', variables: { query: '', storeId, sort: 'PRICE_DESC', filter: { inStock: true } } },
      { name: 'SuggestProducts', variables: { prefix: 'co' } },
      { name: 'BrowseCategories', variables: {} },
      { name: 'FindStores', variables: { near: { latitude: 48.1, longitude: 11.5 } } },
      { name: 'BasketRecommendations', variables: { productIds: productIds.slice(0, 3), storeId } },
      { name: 'AppHome', variables: { storeId } },
      { name: 'AppProduct', variables: { ids: [...productIds.slice(0, 5), 'unknown'], storeId, withSimilar: true } },
      { name: 'AppSearch', variables: { query: 'coffee', storeId, inStock: true } },
      { name: 'DisplayContent', variables: { deviceId: deviceIds.display, storeId } },
      { name: 'DisplayProducts', variables: { deviceId: deviceIds.display, storeId } },
      { name: 'ShelfLabel', variables: { productId, storeId } },
      { name: 'StoreStock', variables: { storeId, filter: { statuses: ['LOW_STOCK', 'OUT_OF_STOCK'] } } },
      { name: 'StockReport', variables: { storeId, groupBy: 'CATEGORY' } },
      { name: 'StoreDevices', variables: { storeId } },
      { name: 'DeviceReadings', variables: { deviceId: deviceIds.freezer, metric: 'temperature', from: new Date(now - 86_400_000).toISOString(), to: new Date(now).toISOString(), bucket: 'PT1H' } },
    ]
  }

  test('the list above names every persisted query but those that only the cloud answers', () => {
    const cloudOnly = ['WhereInStock', 'MyRecommendations', 'MovementHistory']
    const listed = new Set([...queries().map((query) => query.name), ...cloudOnly])
    expect([...operations.values()].filter((operation) => operation.type === 'query').map((operation) => /query (\w+)/.exec(operation.body)?.[1])).toEqual(expect.arrayContaining([...listed]))
    expect(listed.size).toBe([...operations.values()].filter((operation) => operation.type === 'query').length)
  })
})
