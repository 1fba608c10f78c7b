import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createClient, type SubscribePayload } from 'graphql-ws'
import { WebSocket } from 'ws'
import { type Answer, type Federation, post, readAnswer, startFederation } from '../testing/federation.ts'
import { readManifest } from '../../runtime/graphql/persisted.ts'

const body = 'query Hello($name: String) { hello(name: $name) }'
const id = createHash('sha256').update(body).digest('hex')
const unknown = 'f'.repeat(64)
const definitions = { greetings: { sdl: 'type Query { hello(name: String): String }', resolvers: { Query: { hello: (_: unknown, { name }: { name: string }) => name } } } }

let folder: string
let manifest: string
let open: Federation<'greetings'>
let closed: Federation<'greetings'>
let without: Federation<'greetings'>
let automatic: Federation<'greetings'>
let listed: Federation<'greetings'>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifest-'))
  manifest = join(folder, 'manifest.json')
  await writeFile(manifest, JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations: [{ id, name: 'Hello', type: 'query', body }] }))
  open = await startFederation(definitions, { manifest, apq: false })
  closed = await startFederation(definitions, { manifest, persistedOnly: true })
  without = await startFederation(definitions, { apq: false })
  automatic = await startFederation(definitions, { manifest, persistedOnly: 'log' })
  listed = await startFederation(definitions, { manifest, persistedOnly: 'safelist' })
})
afterAll(async () => {
  for (const graph of [open, closed, without, automatic, listed]) await graph[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function get(url: string, search: Record<string, string>): Promise<Answer> {
  return readAnswer(await fetch(`${url}?${new URLSearchParams(search).toString()}`))
}

const apollo = (sha256Hash: string): object => ({ persistedQuery: { version: 1, sha256Hash } })

describe('an operation of the manifest', () => {
  test('is run by its id, however the id is written and sent', async () => {
    const variables = { name: 'you' }
    const answers = await Promise.all([
      post(closed.url, { documentId: id, variables }),
      post(closed.url, { documentId: `sha256:${id}`, variables }),
      post(closed.url, { extensions: apollo(id), variables }),
      get(closed.url, { documentId: `sha256:${id}`, variables: JSON.stringify(variables) }),
      get(closed.url, { extensions: JSON.stringify(apollo(id)), variables: JSON.stringify(variables), operationName: 'Hello' }),
      post(open.url, { documentId: id, variables }),
    ])
    for (const { data, status } of answers) expect({ data, status }).toEqual({ data: { hello: 'you' }, status: 200 })
  })
})

describe('refusals', () => {
  test.each<[string, () => Promise<Answer>, number, string]>([
    ['an id that is not in the manifest', () => post(open.url, { documentId: unknown }), 404, 'PERSISTED_QUERY_NOT_IN_LIST'],
    ['a hash that is not in the manifest', () => post(open.url, { extensions: apollo(unknown) }), 404, 'PERSISTED_QUERY_NOT_IN_LIST'],
    ['a document where only ids are accepted', () => post(closed.url, { query: '{ hello }' }), 400, 'PERSISTED_QUERY_ID_REQUIRED'],
    ['nothing where only ids are accepted', () => post(closed.url, {}), 400, 'PERSISTED_QUERY_ID_REQUIRED'],
    ['an id and a document', () => post(open.url, { documentId: id, query: body }), 400, 'CANNOT_SEND_PQ_ID_AND_BODY'],
    ['a hash and its document', () => post(open.url, { query: body, extensions: apollo(id) }), 400, 'CANNOT_SEND_PQ_ID_AND_BODY'],
    ['a hash and another document', () => post(open.url, { query: '{ hello }', extensions: apollo(id) }), 400, 'PERSISTED_QUERY_HASH_MISMATCH'],
    ['a hash where there is no manifest', () => post(without.url, { extensions: apollo(id) }), 200, 'PERSISTED_QUERY_NOT_SUPPORTED'],
    ['an id where there is no manifest', () => get(without.url, { documentId: id }), 404, 'PERSISTED_QUERY_NOT_IN_LIST'],
  ])('%s', async (_what, ask, status, code) => {
    const answer = await ask()
    expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([status, code])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('a registration where only the manifest counts', async () => {
    const other = '{ hello(name: "x") }'
    const hash = createHash('sha256').update(other).digest('hex')
    expect((await post(closed.url, { query: other, extensions: apollo(hash) })).errors[0]?.extensions.code).toBe('CANNOT_SEND_PQ_ID_AND_BODY')
    expect((await post(closed.url, { extensions: apollo(hash) })).errors[0]?.extensions.code).toBe('PERSISTED_QUERY_NOT_IN_LIST')
  })

  test('a manifest of another format is not taken', async () => {
    const wrong = join(folder, 'wrong.json')
    await writeFile(wrong, JSON.stringify({ format: 'relay', version: 1, operations: [] }))
    await expect(readManifest(wrong)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

describe('automatic persisted queries', () => {
  test('are registered with their document and then run by their hash', async () => {
    const query = 'query ($name: String) { renamed: hello(name: $name) }'
    const hash = createHash('sha256').update(query).digest('hex')
    const asked = { extensions: apollo(hash), variables: { name: 'you' } }
    const first = await post(automatic.url, asked)
    expect([first.status, first.errors[0]?.message, first.errors[0]?.extensions.code]).toEqual([200, 'PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND'])
    expect((await post(automatic.url, { ...asked, query: `${query} ` })).errors[0]?.extensions.code).toBe('PERSISTED_QUERY_HASH_MISMATCH')
    expect((await post(automatic.url, { ...asked, query })).data).toEqual({ renamed: 'you' })
    expect((await post(automatic.url, asked)).data).toEqual({ renamed: 'you' })
    expect((await get(automatic.url, { extensions: JSON.stringify(apollo(hash)), variables: '{"name":"me"}' })).data).toEqual({ renamed: 'me' })
  })

  test('stand beside the manifest, which is not asked twice', async () => {
    expect((await post(automatic.url, { extensions: apollo(id), variables: { name: 'you' } })).data).toEqual({ hello: 'you' })
    expect((await post(automatic.url, { documentId: unknown })).errors[0]?.extensions.code).toBe('PERSISTED_QUERY_NOT_IN_LIST')
  })
})

test('documents that would be refused are served and counted with --persisted-only=log', async () => {
  const counted = async (): Promise<number> => Number(/graphql_unlisted_documents_total\{[^}]*\} (\d+)/.exec(await automatic.context.metrics.metrics())?.[1] ?? 0)
  const before = await counted()
  expect((await automatic.ask('{ hello(name: "free") }')).data).toEqual({ hello: 'free' })
  expect((await post(automatic.url, { documentId: id, variables: { name: 'listed' } })).data).toEqual({ hello: 'listed' })
  expect((await automatic.ask(`# laid out otherwise\n${body.replaceAll(' ', '  ')}`, { name: 'same' })).data).toEqual({ hello: 'same' })
  expect((await counted()) - before).toBe(1)
})

describe('a safelist', () => {
  test('takes the documents of the manifest, by id and as they are, however laid out', async () => {
    const variables = { name: 'you' }
    for (const asked of [{ documentId: id }, { extensions: apollo(id) }, { query: body }, { query: `\n${body.replaceAll(' ', '\n')} # comment` }]) {
      expect(await post(listed.url, { ...asked, variables })).toMatchObject({ status: 200, data: { hello: 'you' } })
    }
  })

  test('takes what asks for the schema alone', async () => {
    expect((await listed.ask('{ __typename __type(name: "Query") { name } }')).data).toEqual({ __typename: 'Query', __type: { name: 'Query' } })
  })

  test.each([
    ['another document', '{ hello }'],
    ['one that asks for the schema and more', '{ __typename hello }'],
    ['the same operation by another name', body.replace('Hello', 'Other')],
    ['a document that does not parse', '{'],
    ['a large one', `{ ${'hello '.repeat(5_000)} }`],
  ])('refuses %s', async (_what, query) => {
    const { status, errors, headers } = await post(listed.url, { query })
    expect([status, errors[0]?.extensions.code, headers.get('cache-control')]).toEqual([403, 'QUERY_NOT_IN_SAFELIST', 'no-store'])
  })

  test('lets nobody register documents', async () => {
    const query = '{ hello(name: "x") }'
    const hash = createHash('sha256').update(query).digest('hex')
    expect((await post(listed.url, { query, extensions: apollo(hash) })).errors[0]?.extensions.code).toBe('CANNOT_SEND_PQ_ID_AND_BODY')
    expect((await post(listed.url, { extensions: apollo(hash) })).errors[0]?.extensions.code).toBe('PERSISTED_QUERY_NOT_IN_LIST')
  })
})

describe('over a WebSocket', () => {
  test('an operation is run by its id; a document is refused where only ids are accepted', async () => {
    const client = createClient({ url: closed.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
    const first = async (payload: SubscribePayload): Promise<unknown> => (await client.iterate(payload).next()).value
    const variables = { name: 'you' }
    expect(await first({ query: '', variables, extensions: { ...apollo(id) } })).toEqual({ data: { hello: 'you' } })
    const byId = { documentId: `sha256:${id}`, variables }
    expect(await first({ query: '', ...byId })).toEqual({ data: { hello: 'you' } })
    await expect(first({ query: '{ hello }' })).rejects.toEqual([expect.objectContaining({ extensions: { code: 'PERSISTED_QUERY_ID_REQUIRED' } })])
    await client.dispose()
  })
})

test('where documents are free, they still run', async () => {
  expect((await open.ask('{ hello(name: "me") }')).data).toEqual({ hello: 'me' })
})
