import { request as send } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { IncomingMessage } from 'node:http'
import { type Federation, startFederation } from '../testing/federation.ts'

const definitions = {
  greetings: {
    sdl: 'type Query { hello(name: String = "you"): String  many(n: Int!): [String] }  type Mutation { greet: String }  type Subscription { tick: Int }',
    resolvers: {
      Query: { hello: (_: unknown, { name }: { name: string }) => `hello ${name}`, many: (_: unknown, { n }: { n: number }) => Array.from({ length: n }, (_each, index) => `number ${index}`) },
      Mutation: { greet: () => 'greeted' },
    },
  },
}
let graph: Federation<keyof typeof definitions>

beforeAll(async () => {
  graph = await startFederation(definitions, { bodyLimit: 10_000 })
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

type Sent = Readonly<Record<string, string>>
const json = { 'content-type': 'application/json' }
/** A browser's page of another site: the router's business. */
const elsewhere = { 'sec-fetch-site': 'cross-site' }

async function post(body: string | Buffer, headers: Sent): Promise<object> {
  const request = send(graph.url, { method: 'POST', headers: { 'content-length': Buffer.byteLength(body), ...headers } })
  request.end(body)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const { date: _date, connection: _connection, 'keep-alive': _keepAlive, ...kept } = response.headers
  return { status: response.statusCode, headers: kept, text: await text(response) }
}

const query = (document: string, more: object = {}): string => JSON.stringify({ query: document, ...more })

test.each<[string, string | Buffer, Sent]>([
  ['a query', query('{ hello }'), json],
  ['a query in UTF-8', query('{ hello(name: "größer ∑ 🙂") }'), json],
  ['a query with a charset', query('{ hello }'), { 'content-type': 'application/json; charset=utf-8' }],
  ['a query of a client of the new type', query('{ hello }'), { ...json, accept: 'application/graphql-response+json' }],
  ['a query of a client of deferred parts', query('{ hello }'), { ...json, accept: 'multipart/mixed' }],
  ['a large answer to a client that unpacks', query('{ many(n: 1000) }'), { ...json, 'accept-encoding': 'gzip' }],
  ['a question for the cost', query('{ hello }'), { ...json, 'x-aisle-cost': '1' }],
  ['a mutation', query('mutation { greet }'), json],
  ['a document that does not parse', query('{'), json],
  ['a document that does not validate, strictly', query('{ nothing }'), { ...json, accept: 'application/graphql-response+json' }],
  ['a subscription for one answer', query('subscription { tick }'), json],
  ['no JSON', '{"query":', json],
  ['a batch', '[{"query":"{ hello }"}]', json],
  ['nothing', '', json],
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), json],
  ['another type of content', query('{ hello }'), { 'content-type': 'text/plain' }],
  ['a packed body', query('{ hello }'), { ...json, 'content-encoding': 'gzip' }],
  ['a body that is too large', query(`{ hello(name: "${'x'.repeat(10_000)}") }`), json],
  ['an answer that cannot be sent', query('{ hello }'), { ...json, accept: 'text/html' }],
])('%s is answered the same before the router and behind it', async (_what, body, headers) => {
  const id = { 'x-request-id': 'one-1' }
  const before = await post(body, { ...headers, ...id })
  expect(before).toMatchObject({ headers: id })
  expect(before).toEqual(await post(body, { ...headers, ...id, ...elsewhere }))
})

test('both ways are counted', async () => {
  const count = async (): Promise<number> => {
    const metrics = await graph.context.metrics.metrics()
    return [...metrics.matchAll(/^http_server_request_duration_seconds_count\{.*http_route="\/graphql".*\} (\d+)/gm)].reduce((sum, [, each]) => sum + Number(each), 0)
  }
  const before = await count()
  await post(query('{ hello }'), json)
  await post(query('{ hello }'), { ...json, ...elsewhere })
  await expectSoon(async () => (await count()) === before + 2)
  expect(await graph.context.metrics.metrics()).toMatch(/^http_server_active_requests\{.*\} 0$/m)
})

async function expectSoon(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve))
}
