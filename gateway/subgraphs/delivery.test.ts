import { createServer, type RequestListener } from 'node:http'
import { publicCaller } from '../../runtime/identity/caller.ts'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { AisleError } from '../../runtime/errors.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { type ClientOptions, SubgraphClient } from './client.ts'

const answer = '{"data":{"a":1}}'
const query = { repeatable: true, shareable: false }
const mutation = { repeatable: false, shareable: false }
const body = '{"query":"{ a }"}'

interface Bench extends AsyncDisposable {
  ask(policy?: typeof query, signal?: AbortSignal): Promise<unknown>
  readonly received: () => number
  readonly circuits: boolean[]
  readonly retried: () => number
}

/** A client of one subgraph that answers as the test says. */
async function startBench(respond: (attempt: number, ...listened: Parameters<RequestListener>) => void, options: Partial<ClientOptions> = {}): Promise<Bench> {
  let received = 0
  let retried = 0
  const circuits: boolean[] = []
  const server = createServer((request, response) => {
    request.resume()
    respond(++received, request, response)
  })
  const port = await listen(server, 0, '127.0.0.1')
  const all: ClientOptions = { timeoutMs: 5_000, retries: 2, breaker: { failures: 0, pauseMs: 1 }, maxResponseBytes: 1_000, connections: 4, share: true, streams: {}, streamRetryMs: 1_000, streamSilenceMs: 0, newestOnly: false, ...options }
  const client = new SubgraphClient(new Map([['things', `http://127.0.0.1:${port}/graphql`]]), all, {
    fetch: () => {},
    shared: () => {},
    retried: () => retried++,
    circuit: (_service, open) => circuits.push(open),
  })
  return {
    ask: (policy = query, signal = new AbortController().signal) => client.request('things', body, { headers: {}, caller: '', who: publicCaller, signal }, policy),
    received: () => received,
    circuits,
    retried: () => retried,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await closeServer(server, 0)
    },
  }
}

async function codeOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'answered',
    (error: unknown) => (AisleError.is(error) ? error.code : String(error)),
  )
}

test('only what may be shared may be answered from a copy that is behind', async () => {
  const asked: unknown[] = []
  await using bench = await startBench((_attempt, request, response) => {
    asked.push(request.headers['cache-control'])
    response.end(answer)
  })
  await bench.ask({ repeatable: true, shareable: true })
  await bench.ask(query)
  await bench.ask(mutation)
  expect(asked).toEqual([undefined, 'no-cache', 'no-cache'])
})

describe('a query that fails', () => {
  test('is sent again, after a lost connection and after a 503', async () => {
    await using bench = await startBench((attempt, request, response) => {
      if (attempt === 1) request.socket.destroy()
      else response.writeHead(attempt === 2 ? 503 : 200).end(attempt === 2 ? '' : answer)
    })
    expect(await bench.ask()).toMatchObject({ data: { a: 1 } })
    expect([bench.received(), bench.retried()]).toEqual([3, 2])
  })

  test('is given up after the retries allowed', async () => {
    await using bench = await startBench((_attempt, _request, response) => response.writeHead(502).end())
    expect(await codeOf(bench.ask())).toBe('SUBGRAPH_BAD_RESPONSE')
    expect(bench.received()).toBe(3)
  })

  test('is not sent again when it was answered, if only with a fault', async () => {
    await using bench = await startBench((_attempt, _request, response) => response.writeHead(500).end())
    expect(await codeOf(bench.ask())).toBe('SUBGRAPH_BAD_RESPONSE')
    expect(bench.received()).toBe(1)
  })

  test('is given up when its time is over, however many retries are left', async () => {
    await using bench = await startBench((_attempt, _request, response) => response.writeHead(503).end(), { timeoutMs: 120, retries: 1_000 })
    // Whether the last attempt was still answered, or cut off by the limit, is the machine's choice.
    expect(['SUBGRAPH_BAD_RESPONSE', 'SUBGRAPH_TIMEOUT']).toContain(await codeOf(bench.ask()))
    expect(bench.received()).toBeLessThan(6)
  })

  test('is not sent again once its client has left', async () => {
    const abort = new AbortController()
    await using bench = await startBench((_attempt, _request, response) => {
      response.writeHead(503).end()
      response.once('finish', () => abort.abort())
    })
    expect(await codeOf(bench.ask(query, abort.signal))).toBe('REQUEST_CANCELLED')
    expect(bench.received()).toBe(1)
  })
})

test('a mutation is sent once', async () => {
  await using bench = await startBench((_attempt, request) => request.socket.destroy())
  expect(await codeOf(bench.ask(mutation))).toBe('SUBGRAPH_UNREACHABLE')
  expect(bench.received()).toBe(1)
})

test('a circuit opens after failures in a row, lets one request probe, and closes when that is answered', async () => {
  let broken = true
  let release = (): void => {}
  await using bench = await startBench(
    (_attempt, _request, response) => {
      if (broken) response.writeHead(503).end()
      else release = () => response.end(answer)
    },
    { retries: 0, breaker: { failures: 3, pauseMs: 100 } },
  )
  for (let index = 0; index < 3; index++) expect(await codeOf(bench.ask())).toBe('SUBGRAPH_BAD_RESPONSE')
  expect(bench.circuits).toEqual([true])
  expect(await codeOf(bench.ask())).toBe('SUBGRAPH_CIRCUIT_OPEN')
  expect(bench.received()).toBe(3)
  broken = false
  const asked: Promise<string>[] = []
  while (bench.received() === 3) {
    asked.push(codeOf(bench.ask()))
    await new Promise(setImmediate)
  }
  expect(await codeOf(bench.ask())).toBe('SUBGRAPH_CIRCUIT_OPEN')
  release()
  expect((await Promise.all(asked)).filter((code) => code === 'answered')).toHaveLength(1)
  expect([bench.received(), bench.circuits]).toEqual([4, [true, false]])
})

describe('a packed answer', () => {
  test.each([
    ['gzip', gzipSync(answer)],
    ['br', brotliCompressSync(answer)],
  ])('in %s is read', async (encoding, packed) => {
    await using bench = await startBench((_attempt, request, response) => {
      response.writeHead(String(request.headers['accept-encoding']).includes(encoding) ? 200 : 406, { 'content-encoding': encoding }).end(packed)
    })
    expect(await bench.ask()).toMatchObject({ data: { a: 1 } })
  })

  test('is refused when it is larger than allowed once unpacked, or not what it says', async () => {
    const large = gzipSync(JSON.stringify({ data: { a: 'x'.repeat(10_000) } }))
    for (const packed of [large, Buffer.from(answer)]) {
      await using bench = await startBench((_attempt, _request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed))
      expect(await codeOf(bench.ask())).toBe('SUBGRAPH_BAD_RESPONSE')
    }
  })
})
