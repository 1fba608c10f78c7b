import { connect } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { auditServer } from 'graphql-http'
import { type Federation, post, readAnswer, startFederation } from '../testing/federation.ts'

const definitions = {
  greetings: {
    sdl: 'type Query { hello(name: String = "you"): String  slow: String }  type Mutation { greet: String }  type Subscription { tick: Int }',
    resolvers: { Query: { hello: (_: unknown, { name }: { name: string }) => `hello ${name}` }, Mutation: { greet: () => 'greeted' } },
  },
}
const graphqlJson = 'application/graphql-response+json'
let graph: Federation<keyof typeof definitions>

beforeAll(async () => {
  graph = await startFederation(definitions, { bodyLimit: 2_000 })
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

async function get(search: Record<string, string>, headers: Record<string, string> = {}): ReturnType<typeof readAnswer> {
  return readAnswer(await fetch(`${graph.url}?${new URLSearchParams(search).toString()}`, { headers }))
}

test('the public audit of GraphQL over HTTP finds no error and no warning', async () => {
  const results = await auditServer({ url: graph.url, fetchFn: fetch })
  expect(results.length).toBeGreaterThan(50)
  expect(results.filter(({ status }) => status !== 'ok').map(({ name, ...result }) => ({ name, ...result }))).toEqual([])
})

describe('status and media type', () => {
  test.each([
    ['a document that does not parse', '{', 'GRAPHQL_PARSE_FAILED'],
    ['a document that does not validate', '{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing variable', 'query ($n: String!) { hello(name: $n) }', 'BAD_USER_INPUT'],
  ])('%s is 400, but 200 to a client of plain JSON', async (_what, query, code) => {
    for (const [accept, status] of [[graphqlJson, 400], ['application/json', 200]] as const) {
      const answer = await graph.ask(query, {}, { accept })
      expect(answer.status).toBe(status)
      expect(answer.headers.get('content-type')).toBe(`${accept}; charset=utf-8`)
      expect(answer.errors[0]?.extensions.code).toBe(code)
      expect(answer.data).toBeUndefined()
    }
  })

  test('a validation error says where', async () => {
    expect(JSON.parse((await graph.ask('{\n  nothing }')).text)).toMatchObject({ errors: [{ locations: [{ line: 2, column: 3 }] }] })
  })

  test('what the client cannot read is 406, what the server cannot read is 415, too much is 413', async () => {
    expect((await graph.ask('{ hello }', {}, { accept: 'text/html' })).status).toBe(406)
    expect((await graph.ask('{ hello }', {}, { accept: 'text/html, application/json;q=0' })).status).toBe(406)
    expect((await graph.ask('{ hello }', {}, { 'content-type': 'text/plain' })).errors[0]?.extensions.code).toBe('UNSUPPORTED_MEDIA_TYPE')
    expect((await graph.ask('{ hello }', {}, { 'content-type': 'application/json; charset=latin1' })).status).toBe(415)
    const large = await graph.ask(`{ hello(name: "${'x'.repeat(3_000)}") }`)
    expect([large.status, large.errors[0]?.extensions.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
  })

  test('several operations in one request are refused', async () => {
    const { status, errors } = await post(graph.url, [{ query: '{ hello }' }])
    expect([status, errors[0]?.extensions.code]).toEqual([400, 'BATCHING_NOT_ENABLED'])
  })

  test('a mutation needs POST; other methods are told which there are', async () => {
    const byGet = await get({ query: 'mutation { greet }' })
    expect([byGet.status, byGet.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await graph.ask('mutation { greet }')).data).toEqual({ greet: 'greeted' })
    const other = await fetch(graph.url, { method: 'DELETE' })
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, POST'])
  })

  test('a subscription by plain HTTP is told where to go', async () => {
    expect((await graph.ask('subscription { tick }')).status).toBe(406)
  })
})

describe('forged requests', () => {
  test('a page of another site cannot make a browser ask', async () => {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://elsewhere.example' }, { origin: 'null' }]) {
      const { status, errors } = await get({ query: '{ hello }' }, headers)
      expect([status, errors[0]?.extensions.code]).toEqual([400, 'CSRF_PREVENTED'])
    }
  })

  test('a page of this site can, and so can whoever passed a preflight', async () => {
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'cross-site', 'apollo-require-preflight': '1' }, { origin: new URL(graph.url).origin }]) {
      expect((await get({ query: '{ hello }', variables: '{}' }, headers)).data).toEqual({ hello: 'hello you' })
    }
  })
})

describe('around the graph', () => {
  test('health, metrics and the page at / answer', async () => {
    const base = new URL(graph.url).origin
    expect((await fetch(`${base}/health/live`)).status).toBe(200)
    expect((await fetch(`${base}/health/ready`)).status).toBe(200)
    const page = await fetch(base)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect((await fetch(`${base}/assets/..%2f..%2fmain.ts`)).status).toBe(404)
    expect((await fetch(`${base}/nothing-here`)).status).toBe(404)
    await graph.ask('{ hello }')
    await graph.ask('{ nothing }')
    const lines = (await (await fetch(`${base}/metrics`)).text()).split('\n')
    const figure = (name: string, ...labels: string[]): number =>
      Number(lines.find((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))?.split(' ').at(-1))
    expect(figure('http_server_request_duration_seconds_count', 'http_request_method="POST"', 'http_response_status_code="200"')).toBeGreaterThan(0)
    expect(figure('http_client_request_duration_seconds_count', 'subgraph="greetings"', 'error_type=""')).toBeGreaterThan(0)
    expect(figure('graphql_errors_total', 'code="GRAPHQL_VALIDATION_FAILED"')).toBeGreaterThan(0)
    expect(figure('graphql_plan_cache_entries')).toBeGreaterThan(0)
    expect(figure('graphql_active_subscriptions')).toBe(0)
  })

  test('only allowed headers reach subgraphs', async () => {
    await graph.ask('{ hello(name: "headers") }', {}, { authorization: 'Bearer t', 'x-request-id': 'r1', cookie: 'secret=1', 'x-other': '2' })
    const { headers } = graph.subgraphs.greetings.received.at(-1) ?? { headers: {} }
    expect(headers).toMatchObject({ authorization: 'Bearer t', 'x-request-id': 'r1' })
    expect(headers).not.toHaveProperty('cookie')
    expect(headers).not.toHaveProperty('x-other')
  })

  test('a client that leaves takes its requests to subgraphs with it', async () => {
    await using own = await startFederation(definitions)
    own.subgraphs.greetings.answerWith('nothing')
    const { port, hostname } = new URL(own.url)
    const socket = connect(Number(port), hostname)
    const body = '{"query":"{ hello }"}'
    socket.write(`POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await until(() => own.subgraphs.greetings.received.length === 1)
    socket.destroy()
    await once(socket, 'close')
    await until(() => own.subgraphs.greetings.abandoned() === 1)
  })
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}
