import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { request } from 'undici'
import { chooseEncoding } from '../../runtime/graphql/encoding.ts'
import { startFederation } from '../testing/federation.ts'

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
  for (const [document, accept] of [['{long}', undefined], ['{long}', 'identity'], ['{short}', 'gzip, br']] as const) {
    expect((await get(`${graph.url}?query=${document}`, accept)).encoding).toBeUndefined()
  }
})

test('nothing is packed where that is switched off', async () => {
  await using graph = await startFederation(definitions, { compression: false })
  expect((await get(`${graph.url}?query={long}`, 'gzip')).encoding).toBeUndefined()
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
  ['deflate', null],
  ['gzip', 'gzip'],
  ['gzip;q=1, br;q=0.5', 'gzip'],
  ['br;q=0, *', 'gzip'],
  ['*', 'br'],
  ['GZIP;q=0', null],
])('of %j the encoding %j is chosen', (accepted, chosen) => {
  expect(chooseEncoding(accepted)).toBe(chosen)
})
