import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { WebSocket } from 'ws'

/** What a server answered: an HTTP status with the codes of its errors, or what became of the connection. */
export interface Outcome {
  readonly status: number
  readonly codes: readonly string[]
}

/** One hostile request. `url` is the server's, without a path; one that lasts gives up when the signal says so. */
export type Attack = (url: string, signal?: AbortSignal) => Promise<Outcome>

const json = { 'content-type': 'application/json' }

async function send(url: string, body: string | Buffer, headers: Record<string, string> = json): Promise<Outcome> {
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: typeof body === 'string' ? body : new Uint8Array(body) })
  const text = await response.text()
  return { status: response.status, codes: [...text.matchAll(/"code":"(\w+)"/g)].map(([, code = '']) => code) }
}

const query = (text: string, variables?: unknown): Attack => (url) => send(url, JSON.stringify({ query: text, variables }))

/** Writes bytes to a connection, and perhaps more of them later; the status is what the server said, 0 when it only closed. */
async function speak(url: string, first: string | Buffer, drip?: { readonly text: string; readonly everyMs: number; readonly times: number; readonly signal: AbortSignal | undefined }): Promise<Outcome> {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  let answer = ''
  const closed = new Promise((resolve) => {
    socket.once('close', resolve)
  })
  socket.on('error', () => {})
  socket.on('data', (data) => {
    answer += data.toString('latin1')
  })
  socket.write(first)
  let left = drip?.times ?? 0
  const giveUp = (): void => void socket.destroy()
  drip?.signal?.addEventListener('abort', giveUp)
  const timer = drip === undefined ? null : setInterval(() => (left-- > 0 ? socket.write(drip.text) : socket.end()), drip.everyMs)
  await closed
  if (timer !== null) clearInterval(timer)
  drip?.signal?.removeEventListener('abort', giveUp)
  return { status: Number(/HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), codes: [] }
}

const head = 'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n'

/** Opens a WebSocket and says something that it must not; the status is the code it is closed with. */
async function shout(url: string, messages: readonly string[], frames: readonly Buffer[] = []): Promise<Outcome> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  socket.on('error', () => {})
  socket.on('open', () => {
    for (const message of messages) socket.send(message)
    const stream: unknown = Reflect.get(socket, '_socket')
    for (const frame of frames) if (stream !== null && typeof stream === 'object' && 'write' in stream && typeof stream.write === 'function') stream.write(frame)
  })
  const [code] = (await once(socket, 'close')) as [number]
  return { status: code, codes: [] }
}

const doubling = (steps: number): string =>
  `{ stores { nodes { ...F0 } } } ${Array.from({ length: steps }, (_, step) => `fragment F${step} on Store { stock { nodes { store { ...F${step + 1} } } } b: stock { nodes { store { ...F${step + 1} } } } }`).join(' ')} fragment F${steps} on Store { id }`

/** Everything that is refused, by name. */
export const attacks: Readonly<Record<string, Attack>> = {
  deep: query(`${'{ a '.repeat(2_000)}${'}'.repeat(2_000)}`),
  'as deep as tokens allow': query(`${'{a'.repeat(3_300)}${'}'.repeat(3_300)}`),
  'deep lists': query(`{ products(ids: ${'['.repeat(4_900)}${']'.repeat(4_900)}) { id } }`),
  wide: query(`{ ${'stores { nodes { id } } '.repeat(1_200)} }`),
  'one name many times': query(`{ ${'a '.repeat(9_000)} }`),
  aliased: query(`{ ${Array.from({ length: 900 }, (_, index) => `a${index}: stores { pageInfo { endCursor } }`).join(' ')} }`),
  'cyclic fragments': query('{ stores { nodes { ...A } } } fragment A on Store { id ...B } fragment B on Store { name ...A }'),
  'doubling fragments': query(doubling(25)),
  'deep introspection': query(`{ __schema { types { ${'fields { type { '.repeat(12)} name ${'} }'.repeat(12)} } } }`),
  'introspection many times': query(`{ ${Array.from({ length: 60 }, (_, index) => `a${index}: __schema { types { name fields { name } } }`).join(' ')} }`),
  'a long list': query('{ search(query: "a", first: 2000000) { nodes { similar(first: 50) { product { similar(first: 50) { score } } } } } }'),
  tokens: query(`{ a(${'x: 1 '.repeat(9_000)}) }`),
  '10 MB': (url) => speak(url, `${head}Content-Length: 10485760\r\n\r\n${'x'.repeat(100_000)}`),
  '10 MB in chunks': (url) => speak(url, `${head}Transfer-Encoding: chunked\r\n\r\n${`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(160)}0\r\n\r\n`),
  'a list of operations': (url) => send(url, JSON.stringify(Array.from({ length: 500 }, () => ({ query: '{ stores { nodes { id } } }' })))),
  'prototype keys': (url) => send(url, '{"query":"query($near: PositionInput) { stores(near: $near) { nodes { id } } }","variables":{"__proto__":{"near":1},"constructor":{"prototype":{"near":1}},"near":{"__proto__":{"latitude":1,"longitude":1},"constructor":1}}}'),
  'a packed bomb': (url) => send(url, gzipSync(Buffer.alloc(30_000_000, ' ')), { ...json, 'content-encoding': 'gzip' }),
  'another charset': (url) => send(url, Buffer.from('{"query":"{ stores { nodes { id } } }"}', 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }),
  'bytes that are no text': (url) => send(url, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x80])),
  'deep variables': (url) => send(url, `{"query":"query($a: [ID!]!) { products(ids: $a) { id } }","variables":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`),
  'a long head': (url) => speak(url, `GET /graphql?query=${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
}

/** What is said over WebSockets that must not be. */
export const socketAttacks: Readonly<Record<string, Attack>> = {
  'a message that is no JSON': (url) => shout(url, ['{']),
  'a deep message': (url) => shout(url, [`${'['.repeat(100_000)}${']'.repeat(100_000)}`]),
  'an operation before the connection is known': (url) => shout(url, ['{"id":"1","type":"subscribe","payload":{"query":"{ __typename }"}}']),
  'a long message': (url) => shout(url, ['x'.repeat(1_100_000)]),
  'a frame that is not masked': (url) => shout(url, [], [Buffer.from([0x81, 0x02, 0x7b, 0x7d])]),
  'an unknown kind of frame': (url) => shout(url, [], [Buffer.from([0x8f, 0x80, 0, 0, 0, 0])]),
  'a frame of a length it has not': (url) => shout(url, [], [Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]),
  'text that is no UTF-8': (url) => shout(url, [], [Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe])]),
}

/** Connections that are kept as long as the server lets them. */
export const slowAttacks: Readonly<Record<string, Attack>> = {
  'a slow head': (url, signal) => speak(url, 'POST /graphql HTTP/1.1\r\n', { text: 'X-a: b\r\n', everyMs: 200, times: 20, signal }),
  'a slow body': (url, signal) => speak(url, `${head}Content-Length: 1000\r\n\r\n{`, { text: ' ', everyMs: 200, times: 20, signal }),
}
