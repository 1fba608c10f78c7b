import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Federation, startFederation } from '../testing/federation.ts'

let graph: Federation<'shelf' | 'labels'>

beforeAll(async () => {
  graph = await startFederation({
    shelf: { sdl: 'type Query { shelf: Shelf }  type Shelf @key(fields: "id") { id: ID!  width: Int  rows: [Int!]! }', resolvers: { Query: { shelf: () => ({ id: '1', width: 80, rows: [1, 2] }) } } },
    labels: { sdl: 'type Shelf @key(fields: "id") { id: ID!  label: String!  mark: Int! }', resolvers: { Shelf: { label: () => 'A', mark: () => null } } },
  })
})
afterAll(async () => {
  await graph[Symbol.asyncDispose]()
})

const whole = { shelf: { id: '1', width: 80, label: 'A' } }
const deferred = '{ shelf { id ... @defer(label: "later") { width label } } }'

describe('what a document allows to come later comes at once', () => {
  test.each<[string, string, Record<string, unknown>]>([
    ['on an inline fragment', deferred, {}],
    ['with a condition that holds', '{ shelf { id ... on Shelf @defer(if: true) { width label } } }', {}],
    ['with one that does not', '{ shelf { id ... on Shelf @defer(if: false) { width label } } }', {}],
    ['by a variable', 'query($d: Boolean!) { shelf { id ...F @defer(if: $d, label: "f") } } fragment F on Shelf { width label }', { d: true }],
    ['nested', '{ ... @defer { shelf { id ... @defer { width ... @defer { label } } } } }', {}],
  ])('%s', async (_what, query, variables) => {
    const { status, headers, data, text } = await graph.ask(query, variables)
    expect([status, headers.get('content-type'), data]).toEqual([200, 'application/json; charset=utf-8', whole])
    expect(text).not.toContain('hasNext')
  })

  test('items of lists too; a skipped fragment is still skipped', async () => {
    expect((await graph.ask('{ shelf { rows @stream(initialCount: 1) ... @defer @skip(if: true) { width } } }')).data).toEqual({ shelf: { rows: [1, 2] } })
  })

  test('a null that may not be goes up as everywhere', async () => {
    const { data, errors } = await graph.ask('{ shelf { id ... @defer { mark } } }')
    expect(data).toEqual({ shelf: null })
    expect(errors[0]?.path).toEqual(['shelf', 'mark'])
  })
})

test('clients see the directives, and a wrong use of them is refused', async () => {
  const { data } = await graph.ask('{ __schema { directives { name } } }')
  expect(JSON.stringify(data)).toMatch(/"defer".*"stream"/)
  expect((await graph.ask('{ shelf { id @defer } }')).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
  expect((await graph.ask('{ shelf { ... @defer(when: 1) { id } } }')).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED')
})

describe('a client that accepts multipart answers', () => {
  const accepting = (accept: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(graph.url, { method: 'POST', headers: { 'content-type': 'application/json', accept, ...headers }, body: JSON.stringify({ query: deferred }) })

  test('gets JSON when it takes that, too', async () => {
    const answer = await accepting('multipart/mixed;deferSpec=20220824, application/json')
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await answer.json()).toEqual({ data: whole })
  })

  test('and else one part that is the last', async () => {
    const answer = await accepting('multipart/mixed;deferSpec=20220824')
    expect(answer.headers.get('content-type')).toBe('multipart/mixed; boundary="-"; deferSpec=20220824')
    const [before, part, end] = (await answer.text()).split('\r\n---')
    expect([before, end]).toEqual(['', '--\r\n'])
    const [head, body] = part?.split('\r\n\r\n') ?? []
    expect(head?.trim()).toBe('content-type: application/json; charset=utf-8')
    expect(JSON.parse(body ?? '')).toEqual({ data: whole, hasNext: false })
  })

  test('also of a request that cannot be answered', async () => {
    const answer = await fetch(graph.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'multipart/mixed' }, body: '{"query":"{ nothing }"}' })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('"code":"GRAPHQL_VALIDATION_FAILED"')
  })
})

test('a multipart answer can be packed', async () => {
  await using small = await startFederation({ one: { sdl: 'type Query { a: String }', resolvers: { Query: { a: () => 'x'.repeat(2_000) } } } })
  const answer = await fetch(small.url, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'multipart/mixed', 'accept-encoding': 'gzip' }, body: '{"query":"{ a }"}' })
  expect(answer.headers.get('content-encoding')).toBe('gzip')
  expect(await answer.text()).toContain('"hasNext":false')
})
