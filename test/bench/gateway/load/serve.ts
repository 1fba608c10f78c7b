import { setTimeout as pause } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { counterMark } from '../market/queries.ts'
import { Connection } from './connection.ts'
import { Latencies } from './latencies.ts'

/** One run of load. Durations in milliseconds. */
export interface LoadOrder {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  /** How long to ask before what is measured begins. */
  readonly warmMs: number
  readonly measureMs: number
  /** Ends earlier once so many requests were sent. */
  readonly requests?: number
}

/** What a run gave. Latencies in milliseconds. */
export interface LoadResult {
  readonly requests: number
  /** All that were sent, those before and after what is measured among them. */
  readonly sent: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  /** Answers whose status was not 200, or whose length was not that of the first; and connections that broke. */
  readonly failures: number
  /** The last answer of one connection. */
  readonly sample: string
}

/** What the process of the load says: that measuring begins or has ended, and then the result. */
export type LoadMessage = { readonly phase: 'ready' | 'measuring' | 'measured' } | { readonly result: LoadResult }

const clock = performance

/** Measuring goes on until so many answers came, for at most so long, in milliseconds: a slow target still gets a figure. */
const fewestAnswers = 50
const patienceMs = 5_000

/** Asks as fast as answers come, over a fixed number of connections. */
async function load(order: LoadOrder, tell: (message: LoadMessage) => void): Promise<LoadResult> {
  const { hostname, port, pathname } = new URL(order.url)
  const request = requestWriter(hostname, Number(port), pathname, order)
  const latencies = new Latencies()
  let sent = 0
  let failures = 0
  let length: number | null = null
  let sample: Buffer = Buffer.alloc(0)
  // Compressed answers vary a little in length with what they hold.
  const sameLength = order.headers['accept-encoding'] === undefined
  let phase: 'warming' | 'measuring' | 'over' = 'warming'
  const run = (index: number): Connection => {
    let askedAt = 0
    const next = (): string | Buffer | null => {
      if (phase === 'over' || (order.requests !== undefined && sent >= order.requests)) return null
      askedAt = clock.now()
      return request(sent++)
    }
    return new Connection(hostname, Number(port), next, (status, body) => {
      if (phase === 'measuring') latencies.add(clock.now() - askedAt)
      length ??= body.length
      if (status !== 200 || (sameLength && body.length !== length)) failures++
      if (index === 0 || status !== 200) sample = body
    })
  }
  const connections = Array.from({ length: order.connections }, (_, index) => run(index))
  const allEnded = Promise.all(connections.map(({ ended }) => ended)).then(() => 'ended' as const)
  const wait = (ms: number): Promise<unknown> => Promise.race([allEnded, pause(ms)])
  if (order.warmMs > 0) await wait(order.warmMs)
  phase = 'measuring'
  tell({ phase })
  const began = clock.now()
  await wait(order.measureMs)
  for (const deadline = clock.now() + patienceMs; latencies.count < fewestAnswers && clock.now() < deadline; ) if ((await wait(100)) === 'ended') break
  phase = 'over'
  const seconds = (clock.now() - began) / 1000
  tell({ phase: 'measured' })
  // Whoever is still waiting gets an answer first: a gateway whose clients vanish would have other work than a busy one.
  await wait(patienceMs)
  for (const connection of connections) connection.cut()
  return { requests: latencies.count, sent, seconds, p50: latencies.quantile(0.5), p99: latencies.quantile(0.99), failures, sample: textOf(sample) }
}

const gzipMagic = Buffer.from([0x1f, 0x8b])

function textOf(body: Buffer): string {
  return (body.subarray(0, 2).equals(gzipMagic) ? gunzipSync(body) : body).toString('utf8')
}

/** Requests by number; where the body counts, each is another one. */
function requestWriter(host: string, port: number, path: string, { body, headers }: LoadOrder): (index: number) => string | Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = `POST ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\naccept: application/json\r\ncontent-type: application/json\r\n${lines}content-length: ${Buffer.byteLength(body)}\r\n\r\n`
  const always = Buffer.from(head + body)
  if (!body.includes(counterMark)) return () => always
  const digits = counterMark.length
  const [before = '', after = ''] = (head + body).split(counterMark)
  return (index) => before + String(index).padStart(digits, '0') + after
}

if (import.meta.main) {
  const tell = (message: LoadMessage): void => void process.send?.(message)
  process.on('message', (order: LoadOrder) => void load(order, tell).then((result) => tell({ result })))
  process.on('disconnect', () => process.exit(0))
  tell({ phase: 'ready' })
}
