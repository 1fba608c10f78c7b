import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { publicCaller } from '../../../runtime/identity/caller.ts'
import { describe, expect, test } from '@jest/globals'
import { AisleError } from '../../../runtime/errors.ts'
import { closeServer, listen } from '../../../runtime/server.ts'
import { SubscriptionRefused } from '../types.ts'
import type { SourceOptions } from './source.ts'
import { EventStreamSource } from './sse.ts'

type Respond = (response: ServerResponse, request: IncomingMessage, attempt: number) => void

interface Bench extends AsyncDisposable {
  /** Everything up to the end, with the code of the failure that it ended with. */
  events(signal?: AbortSignal): AsyncGenerator<unknown, string, undefined>
  readonly attempts: () => number
}

/** A source over a subgraph that answers as the test says. */
async function startBench(respond: Respond, options: Partial<SourceOptions> = {}): Promise<Bench> {
  let attempts = 0
  const server = createServer((request, response) => {
    request.resume()
    respond(response, request, ++attempts)
  })
  const port = await listen(server, 0, '127.0.0.1')
  const source = new EventStreamSource(`http://127.0.0.1:${port}/graphql`, { timeoutMs: 5_000, maxResponseBytes: 10_000, streamRetryMs: 30_000, streamSilenceMs: 0, newestOnly: false, ...options })
  return {
    async *events(signal = new AbortController().signal) {
      try {
        for await (const { data } of source.subscribe('{"query":"subscription { a }"}', { headers: { authorization: 'me' }, caller: 'me', who: publicCaller, signal })) yield data
        return 'completed'
      } catch (error) {
        if (error instanceof SubscriptionRefused) return JSON.stringify(error.errors)
        return AisleError.is(error) ? error.code : String(error)
      }
    },
    attempts: () => attempts,
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]()
      await closeServer(server, 0)
    },
  }
}

const open = (response: ServerResponse): ServerResponse => response.writeHead(200, { 'content-type': 'text/event-stream' })
const next = (a: number): string => `event: next\ndata: {"data":{"a":${a}}}\n\n`
const complete = 'event: complete\ndata:\n\n'

async function collect(events: AsyncGenerator<unknown, string, undefined>): Promise<unknown[]> {
  const all: unknown[] = []
  for (;;) {
    const { done, value } = await events.next()
    all.push(value)
    if (done === true) return all
  }
}

describe('a subscription over server-sent events', () => {
  test('asks as the protocol says, and ends when the subgraph completes it', async () => {
    let asked: IncomingMessage | null = null
    await using bench = await startBench((response, request) => {
      asked = request
      open(response).end(`${next(1)}: beat\n\n${next(2)}${complete}${next(3)}`)
    })
    expect(await collect(bench.events())).toEqual([{ a: 1 }, { a: 2 }, 'completed'])
    expect(asked).toMatchObject({ method: 'POST', url: '/graphql', headers: { accept: 'text/event-stream', 'content-type': 'application/json', authorization: 'me' } })
  })

  test('closes its connection when its client leaves', async () => {
    const left = Promise.withResolvers<void>()
    await using bench = await startBench((response) => {
      open(response).write(next(1))
      response.once('close', () => left.resolve())
    })
    const abort = new AbortController()
    const events = bench.events(abort.signal)
    expect((await events.next()).value).toEqual({ a: 1 })
    const end = events.next()
    abort.abort()
    expect(await end).toEqual({ done: true, value: 'completed' })
    await left.promise
  })
})

describe('a source over server-sent events that is lost', () => {
  test('is opened again, whether it ends, breaks or is refused for a while, and its subscription goes on', async () => {
    await using bench = await startBench((response, request, attempt) => {
      if (attempt === 1) open(response).end(next(1))
      if (attempt === 2) open(response).write(next(2), () => request.socket.destroy())
      if (attempt === 3) response.writeHead(503).end()
      if (attempt === 4) open(response).end(`${next(3)}${complete}`)
    })
    expect(await collect(bench.events())).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }, 'completed'])
  })

  test('is given up after a while with an error, also when it always comes back only to end', async () => {
    await using gone = await startBench((response, _request, attempt) => (attempt === 1 ? open(response).end(next(1)) : response.writeHead(502).end()), { streamRetryMs: 300 })
    expect(await collect(gone.events())).toEqual([{ a: 1 }, 'SUBSCRIPTION_INTERRUPTED'])
    expect(gone.attempts()).toBeGreaterThan(1)
    await using flapping = await startBench((response) => open(response).end(), { streamRetryMs: 300 })
    expect(await collect(flapping.events())).toEqual(['SUBSCRIPTION_INTERRUPTED'])
  })

  test('is noticed by its missing heartbeats, and only where there were some', async () => {
    await using bench = await startBench((response, _request, attempt) => {
      if (attempt === 1) open(response).write(`:\n\n${next(1)}`)
      else open(response).end(`${next(2)}${complete}`)
    }, { streamSilenceMs: 50 })
    expect(await collect(bench.events())).toEqual([{ a: 1 }, { a: 2 }, 'completed'])
    let speak = (): void => {}
    await using quiet = await startBench((response) => {
      open(response).write(next(1))
      speak = () => response.end(complete)
    }, { streamSilenceMs: 1 })
    const events = quiet.events()
    await events.next()
    const end = events.next()
    await new Promise((resolve) => setTimeout(resolve, 100))
    speak()
    expect([await end, quiet.attempts()]).toEqual([{ done: true, value: 'completed' }, 1])
  })
})

describe('a subscription over server-sent events that cannot be', () => {
  test.each<[string, Respond, string]>([
    ['because the document is refused', (response) => response.writeHead(400, { 'content-type': 'application/json' }).end('{"errors":[{"message":"no"}]}'), '[{"message":"no"}]'],
    ['because the subgraph does not stream', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"a":1}}'), 'SUBGRAPH_SUBSCRIPTION_REFUSED'],
    ['because there is nothing at its path', (response) => response.writeHead(404).end('not found'), 'SUBGRAPH_SUBSCRIPTION_REFUSED'],
    ['because the subgraph is down', (response) => response.destroy(), 'SUBGRAPH_UNREACHABLE'],
    ['because it sends what is not JSON', (response) => open(response).write('data: <html>\n\n'), 'SUBGRAPH_BAD_RESPONSE'],
    ['because an event is too large', (response) => open(response).write(`data: "${'x'.repeat(20_000)}"\n\n`), 'SUBGRAPH_BAD_RESPONSE'],
  ])('%s ends with that error, at once', async (_name, respond, code) => {
    await using bench = await startBench(respond)
    expect(await collect(bench.events())).toEqual([code])
    expect(bench.attempts()).toBe(1)
  })
})
