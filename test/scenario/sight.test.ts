import { readdir, readFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { demoSource } from '../../local/demo/source.ts'
import { importData } from '../../local/import/import.ts'
import { testDatabase, type TestDatabase } from '../../local/testing/postgres.ts'
import { readAudit } from '../../subgraphs/audit/read.ts'
import { trainRecommendations } from '../../subgraphs/recommendation/train/train.ts'
import { openPostgres } from '../../subgraphs/storage/postgres/storage.ts'
import { ask, operationIds } from '../environment/client.ts'
import { startCollector, type Collector } from '../environment/collector.ts'
import { startRole, type RoleProcess } from '../environment/process.ts'
import { namesIn } from '../environment/promql.ts'
import { startStack, subgraphNames, type Stack } from '../environment/stack.ts'
import { until } from '../environment/wait.ts'

const charts = new URL('../../helm/aisle/', import.meta.url)

/** Prometheus adds these itself. */
const ofPrometheus = { metrics: new Set(['up']), labels: new Set(['job', 'instance', 'le']) }

describe('what an operator sees', () => {
  let collector: Collector
  let database: TestDatabase
  let stack: Stack
  let replicated: RoleProcess
  let storeId: string
  let productId: string
  const before = { ...process.env }

  beforeAll(async () => {
    collector = await startCollector()
    database = await testDatabase()
    {
      await using storage = openPostgres(database.url)
      await importData(demoSource({ products: 60, seed: 'sight', now: Date.now() }), storage, {})
      await trainRecommendations(storage, {})
      const row = await storage.db.selectFrom('stock').select(['store_id', 'product_id']).orderBy('store_id').orderBy('product_id').executeTakeFirstOrThrow()
      storeId = row.store_id
      productId = row.product_id
    }
    Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '1', AISLE_SLOW_MS: '0.001' })
    stack = await startStack(database.url, storeId)
    // A database that is no replica is not read from, and that shows.
    replicated = await startRole('inventory', ['subgraph', 'inventory', '--port', '0'], { DATABASE_URL: database.url, AISLE_READ_DATABASE_URL: database.url, AISLE_LOG_LEVEL: 'silent' })
  }, 180_000)

  afterAll(async () => {
    process.env = before
    await replicated?.[Symbol.asyncDispose]()
    await stack?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    await collector?.[Symbol.asyncDispose]()
  }, 60_000)

  const roles = (): RoleProcess[] => [stack.gateway, stack.edge, stack.role('origin'), ...subgraphNames.map((name) => stack.role(name))]
  const movement = (operationId: string): Record<string, unknown> => ({
    query: 'mutation Move($input: StockMovementInput!) { recordStockMovement(input: $input) { userErrors { code } } }',
    variables: { input: { operationId, storeId, productId, kind: 'RECEIPT', quantity: 2 } },
  })
  const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })

  test('one query is one trace, from the client over the gateway and a subgraph to its statements', async () => {
    const traceId = 'aaaabbbbccccddddeeeeffff00001111'
    const query = `query { store(id: ${JSON.stringify(storeId)}) { name devices(first: 2) { nodes { id } } } }`
    await (await post(stack.gateway.url, { query }, { traceparent: `00-${traceId}-1234567890abcdef-01`, tracestate: 'shop=7' })).text()
    const ofTrace = () => collector.spans.filter((span) => span.traceId === traceId)
    const whole = () => ['aisle-inventory', 'aisle-device'].every((service) => ofTrace().some((span) => span.service === service && span.kind === 2)) && ofTrace().some(({ service, kind }) => service === 'aisle-gateway' && kind === 2)
    await until('the trace', whole, 30_000)
    const spans = ofTrace()
    const parentOf = ({ parentSpanId }: (typeof spans)[number]) => spans.find(({ spanId }) => spanId === parentSpanId)
    const [server] = spans.filter(({ service, kind }) => service === 'aisle-gateway' && kind === 2)
    expect(server).toMatchObject({ name: 'POST /graphql', parentSpanId: '1234567890abcdef', attributes: { 'http.response.status_code': 200, 'graphql.operation.type': 'query' } })
    expect(spans.filter((span) => parentOf(span) === server).map(({ name }) => name).toSorted()).toEqual(['fetch device', 'fetch inventory', 'graphql.parse', 'graphql.plan', 'graphql.validate'])
    for (const name of ['inventory', 'device']) {
      const [inside] = spans.filter(({ service, kind }) => service === `aisle-${name}` && kind === 2)
      expect(inside && parentOf(inside)).toMatchObject({ name: `fetch ${name}`, kind: 3, service: 'aisle-gateway' })
      const statements = spans.filter(({ service, kind }) => service === `aisle-${name}` && kind === 3)
      expect(statements.length).toBeGreaterThan(0)
      for (const statement of statements) expect(parentOf(statement)).toBe(inside)
    }
    expect(JSON.stringify(spans)).not.toContain(storeId.length > 3 ? storeId : `"${storeId}"`)
  })

  test('the node traces its executions, and what it asks of origin', async () => {
    const shelf = (await operationIds()).get('ShelfLabel')
    const traceId = 'aaaabbbbccccddddeeeeffff00002222'
    await (await post(stack.edge.url, { documentId: shelf?.id, variables: { productId, storeId } }, { traceparent: `00-${traceId}-1234567890abcdef-01` })).text()
    await until('the spans', () => collector.spans.some((span) => span.traceId === traceId && span.name === 'graphql.execute') && collector.spans.some((span) => span.traceId === traceId && span.kind === 2))
    await until('a pull', () => collector.spans.some(({ service, kind, parentSpanId }) => service === 'aisle-origin' && kind === 2 && collector.spans.some((client) => client.spanId === parentSpanId && client.service === 'aisle-edge')))
  })

  test('a request keeps its id everywhere, and nobody\'s token, variables or customer stands in a log', async () => {
    const id = `req-${randomUUID()}`
    const token = `eyJhbGciOiJub25lIn0.${Buffer.from('{"sub":"secret-subject"}').toString('base64url')}.`
    const secret = `customer-${randomUUID()}`
    const customer = { query: 'query Mine($c: ID!) { customerRecommendations(customerId: $c) { score } trending(first: 1) { product { name } } }', variables: { c: secret } }
    // Tokens are refused or believed; either way they are not written down.
    await (await post(stack.gateway.url, customer, { authorization: `Bearer ${token}`, 'x-request-id': id })).text()
    const answer = await post(stack.gateway.url, customer, { 'x-request-id': id })
    expect(answer.headers.get('x-request-id')).toBe(id)
    await answer.text()
    await (await post(stack.gateway.url, { query: 'query ($c: Int!) { stores(first: $c) { totalCount } }', variables: { c: secret } })).text()
    await (await post(stack.edge.url, { documentId: secret, variables: { secret } }, { authorization: `Bearer ${token}`, 'x-request-id': id })).text()
    const forged = await post(stack.gateway.url, { query: '{ __typename }' }, { 'x-request-id': 'two words "and" more' })
    expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    await until('the slow log of the gateway', () => stack.gateway.output().includes('a slow operation'))
    const line = stack.gateway.output().split('\n').filter((text) => text.includes(id)).map((text) => JSON.parse(text) as Record<string, unknown>).find(({ msg }) => msg === 'a slow operation')
    expect(line).toMatchObject({ requestId: id, type: 'query', operation: null, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
    for (const role of roles()) {
      for (const forbidden of [token, 'secret-subject', secret]) expect(role.output()).not.toContain(forbidden)
    }
  })

  test('a write is in the audit log with who, what, whence and the id of its request', async () => {
    const operationId = randomUUID()
    await (await post(stack.gateway.url, movement(operationId), { 'x-request-id': 'audited-1' })).text()
    const atStore = randomUUID()
    const record = (await operationIds()).get('RecordMovement')
    await ask(stack.edge.url, { documentId: record?.id, variables: { input: { operationId: atStore, storeId, productId, kind: 'SALE', quantity: -1 } } })
    await using storage = openPostgres(database.url)
    const entries = await until('both writes', async () => {
      const found = await readAudit(storage, { since: 0, storeId, limit: 10 })
      return found.length >= 2 ? found : null
    })
    const common = { store_id: storeId, subjects: JSON.stringify([productId]), mutation: 'recordStockMovement', outcome: 'ACCEPTED' }
    expect(entries.find(({ operation_id }) => operation_id === operationId)).toMatchObject({ ...common, source: 'cloud', request_id: 'audited-1' })
    expect(entries.find(({ operation_id }) => operation_id === atStore)).toMatchObject({ ...common, source: `edge:${storeId}` })
    await expect(storage.pool.query("update audit_log set principal = 'nobody'")).rejects.toThrow('only added to')
    await expect(storage.pool.query('delete from audit_log')).rejects.toThrow('only added to')
  })

  test('every metric and label that dashboards and alerts name is exported, under any traffic without names from clients', async () => {
    await ask(stack.gateway.url, { query: 'query MadeUpByAClient { product(id: "no such product") { name } nothing }' })
    const known = new Map<string, Set<string>>()
    for (const role of [...roles(), replicated]) {
      const text = await (await fetch(`${role.url}/metrics`)).text()
      expect(text).not.toContain('MadeUpByAClient')
      for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
        for (const suffix of type === 'histogram' ? ['_bucket', '_count', '_sum'] : ['']) if (!known.has(name + suffix)) known.set(name + suffix, new Set())
      }
      for (const [, name = '', labels = ''] of text.matchAll(/^([a-z_]\w*)\{(.*)\} \S+$/gm)) for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.get(name)?.add(label)
    }
    const expressions = await shownExpressions()
    expect(expressions.length).toBeGreaterThan(60)
    const problems = expressions.flatMap((expression) => {
      const { metrics, labels } = namesIn(expression)
      const missing = [...metrics].filter((name) => !known.has(name) && !ofPrometheus.metrics.has(name)).map((name) => `${name} is not exported`)
      // What has not happened yet has no labels yet.
      const shown = [...metrics].filter((name) => (known.get(name)?.size ?? 0) > 1)
      const strange = [...labels].filter((label) => !ofPrometheus.labels.has(label) && shown.length === metrics.size && !shown.some((name) => known.get(name)?.has(label) === true))
      return [...missing, ...strange.map((label) => `${label} is no label in ${expression}`)]
    })
    expect(problems).toEqual([])
  })
})

test('every alert says what is wrong and what to do, and has its section in the guide', async () => {
  const guide = await readFile(new URL('../ALERTS.md', charts), 'utf8')
  const headings = [...guide.matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name)
  const alerts = await rules()
  expect(alerts.map(({ alert }) => alert).toSorted()).toEqual(headings.toSorted())
  for (const { alert, annotations } of alerts) {
    expect(annotations.summary.length).toBeGreaterThan(10)
    expect(annotations.description.length).toBeGreaterThan(20)
    expect(annotations.runbook).toBe(`helm/ALERTS.md#${alert.toLowerCase()}`)
  }
})

test('a name in an expression is found whatever stands around it', () => {
  const { metrics, labels } = namesIn('histogram_quantile(0.9, sum by (le, a) (rate(x_bucket{b=~"c{2}",d!="y"}[5m]))) / on (e) group_left z > 3 and absent(w) == 1')
  expect([...metrics]).toEqual(['x_bucket', 'z', 'w'])
  expect([...labels].toSorted()).toEqual(['a', 'b', 'd', 'e', 'le'])
})

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string }
}

async function rules(): Promise<Rule[]> {
  const { groups } = parse(await readFile(new URL('rules/aisle.yaml', charts), 'utf8')) as { groups: { rules: Rule[] }[] }
  return groups.flatMap((group) => group.rules)
}

async function shownExpressions(): Promise<string[]> {
  const folder = new URL('dashboards/', charts)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json'))
  const dashboards = await Promise.all(files.map(async (file) => JSON.parse(await readFile(new URL(file, folder), 'utf8')) as { panels: { targets?: { expr: string }[] }[] }))
  return [...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))), ...(await rules()).map(({ expr }) => expr)]
}
