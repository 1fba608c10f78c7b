import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { request } from 'undici'
import { chooseEncoding } from '../../runtime/graphql/encoding.ts'
import { post, startFederation } from '../testing/federation.ts'

const long = 'abc '.repeat(1_000)
const definitions = { texts: { sdl: 'type Query { long: String  short: String }', resolvers: { Query: { long: () => long, short: () => 'abc' } } } }

/** Unlike fetch, this leaves bodies as they come. */
async function get(url: string, accept?: string): Promise<{ encoding: unknown; body: Buffer; headers: Record<string, unknown> }> {
  const { headers, body } = await request(url, { headers: accept === undefined ? {} : { 'accept-encoding': accept } })
  return { encoding: headers['content-encoding'], body: Buffer.from(await body.arrayBuffer()), headers }
}

test('answers are packed for clients that accept it, when it is worth while', async () => {
  await using graph = await startFederation(definitions)
  const whole = JSON.stringify({ data: { long } })
  const br = await get(`${graph.url}?query={long}`, 'gzip, br')
  expect([br.encoding, brotliDecompressSync(br.body).toString()]).toEqual(['br', whole])
  expect(br.headers.vary).toBe('accept, accept-encoding, origin')
  const gzip = await get(`${graph.url}?query={long}`, 'gzip')
  expect([gzip.encoding, gunzipSync(gzip.body).toString()]).toEqual(['gzip', whole])
  expect(gzip.body.length).toBeLessThan(whole.length / 4)
  const deflate = await get(`${graph.url}?query={long}`, 'deflate')
  expect([deflate.encoding, inflateSync(deflate.body).toString()]).toEqual(['deflate', whole])
  for (const [document, accept] of [['{long}', undefined], ['{long}', 'identity'], ['{short}', 'gzip, br']] as const) {
    expect((await get(`${graph.url}?query=${document}`, accept)).encoding).toBeUndefined()
  }
})

test('nothing is packed where that is switched off', async () => {
  await using graph = await startFederation(definitions, { compression: false })
  expect((await get(`${graph.url}?query={long}`, 'gzip')).encoding).toBeUndefined()
})

/** A POST of a body as it is. */
async function send(url: string, body: Buffer | string, encoding: string): Promise<[status: number, answer: unknown]> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': encoding }, body })
  return [response.status, await response.json()]
}

test('requests are unpacked, as far as they may be large', async () => {
  await using graph = await startFederation(definitions, { bodyLimit: 10_000 })
  const query = JSON.stringify({ query: '{ short }', padding: 'ä'.repeat(500) })
  const packers = { gzip: gzipSync, 'x-gzip': gzipSync, br: brotliCompressSync, deflate: deflateSync, GZIP: gzipSync }
  for (const [encoding, pack] of Object.entries(packers)) {
    expect(await send(graph.url, pack(query), encoding)).toEqual([200, { data: { short: 'abc' } }])
    const bomb = pack(JSON.stringify({ query: '{ short }', padding: 'x'.repeat(1_000_000) }))
    expect(bomb.length).toBeLessThan(10_000)
    expect(await send(graph.url, bomb, encoding)).toMatchObject([413, { errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }] }])
    expect(await send(graph.url, 'what is this', encoding)).toMatchObject([400, { errors: [{ extensions: { code: 'BAD_REQUEST' } }] }])
  }
  for (const encoding of ['zstd', 'gzip, br', 'compress']) expect(await send(graph.url, query, encoding)).toMatchObject([415, { errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] }])
  expect(await send(graph.url, query, 'identity')).toEqual([200, { data: { short: 'abc' } }])
})

test('large requests to a subgraph are packed where it is said that it unpacks them', async () => {
  const echo = { sdl: 'type Query { length(text: String!): Int }', resolvers: { Query: { length: (_: unknown, { text }: { text: string }) => text.length } } }
  await using graph = await startFederation({ texts: echo }, { subgraphCompression: { texts: 'gzip' } })
  const query = 'query($text: String!) { length(text: $text) }'
  for (const [length, encoding] of [[5, undefined], [5_000, 'gzip']] as const) {
    expect((await post(graph.url, { query, variables: { text: 'ä'.repeat(length) } })).data).toEqual({ length })
    expect(graph.subgraphs.texts.received.at(-1)?.headers['content-encoding']).toBe(encoding)
  }
})

test('files of the explorer are packed, and packed anew when they change', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'explorer-'))
  await using graph = await startFederation(definitions, { explorerFolder: folder })
  for (const text of [`<p>${long}</p>`, `<b>${long}</b>`]) {
    await writeFile(join(folder, 'index.html'), text)
    const { encoding, body } = await get(new URL('/', graph.url).href, 'br')
    expect([encoding, brotliDecompressSync(body).toString()]).toEqual(['br', text])
  }
  await rm(folder, { recursive: true })
})

test.each([
  [undefined, null],
  ['', null],
  ['deflate', 'deflate'],
  ['deflate, gzip', 'gzip'],
  ['zstd', null],
  ['gzip', 'gzip'],
  ['gzip;q=1, br;q=0.5', 'gzip'],
  ['br;q=0, *', 'gzip'],
  ['*', 'br'],
  ['GZIP;q=0', null],
])('of %j the encoding %j is chosen', (accepted, chosen) => {
  expect(chooseEncoding(accepted)).toBe(chosen)
})
