import { createServer, request, Agent, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { startFederation } from '../../gateway/testing/federation.ts'
import { closeServer, listen } from '../../runtime/server.ts'
import { startRole, type RoleProcess } from '../environment/process.ts'
import { ready, until } from '../environment/wait.ts'

/** What stands before the gateways: asks each for its readiness now and then, sends requests to those that are ready, and never sends one twice. */
interface Balancer extends AsyncDisposable {
  readonly url: string
  add(gateway: RoleProcess): void
  /** Requests that this gateway is answering, or was sent while it was still thought ready. */
  readonly serving: (gateway: RoleProcess) => boolean
}

async function startBalancer(): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true })
  const backends = new Map<string, { ready: boolean }>()
  let turn = 0
  const server = createServer((incoming, outgoing) => {
    const chosen = [...backends].filter(([, state]) => state.ready)
    const [url] = chosen[turn++ % Math.max(1, chosen.length)] ?? []
    if (url === undefined) return void outgoing.writeHead(503).end()
    const sent = request(new URL(incoming.url ?? '/', url), { method: incoming.method ?? 'GET', headers: incoming.headers, agent }, (answer: IncomingMessage) => {
      const { connection: _connection, ...headers } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 502, headers)
      answer.pipe(outgoing)
    })
    sent.once('error', (error) => outgoing.writeHead(502).end(error.message))
    incoming.pipe(sent)
  })
  const port = await listen(server, 0, '127.0.0.1')
  const stop = new AbortController()
  const watching = (async () => {
    while (!stop.signal.aborted) {
      for (const [url, state] of backends) state.ready = await fetch(`${url}/health/ready`).then(({ status }) => status === 200, () => false)
      await sleep(50)
    }
  })()
  return {
    url: `http://127.0.0.1:${port}`,
    add: ({ url }) => void backends.set(url, { ready: true }),
    serving: ({ url }) => backends.get(url)?.ready === true,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await watching
      await closeServer(server, 0)
      agent.destroy()
    },
  }
}

test('two gateways are replaced one after the other under load, and no request fails', async () => {
  await using graph = await startFederation({ things: { sdl: 'type Query { a(n: Int): Int }', resolvers: { Query: { a: (_: unknown, { n }: { n: number }) => sleep(n % 7, n) } } } })
  const startGateway = () => startRole('gateway', ['gateway', '--port', '0', '--supergraph', graph.supergraph, '--drain-grace', '2000', '--production'], { AISLE_LOG_LEVEL: 'warn' })
  await using stack = new AsyncDisposableStack()
  const balancer = stack.use(await startBalancer())
  const first = [stack.use(await startGateway()), stack.use(await startGateway())]
  let serving = first
  for (const gateway of first) {
    await ready(gateway.url)
    balancer.add(gateway)
  }

  const stop = new AbortController()
  const failures: unknown[] = []
  let answered = 0
  const client = async (seed: number): Promise<void> => {
    for (let n = seed; !stop.signal.aborted; n += 100) {
      try {
        const response = await fetch(`${balancer.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: 'query ($n: Int) { a(n: $n) }', variables: { n } }) })
        const body: unknown = await response.json()
        if (response.status === 200 && JSON.stringify(body) === `{"data":{"a":${n}}}`) answered += 1
        else failures.push({ status: response.status, body })
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const clients = Array.from({ length: 3 }, (_, seed) => client(seed))
  try {
    for (const old of first) {
      const next = stack.use(await startGateway())
      await ready(next.url)
      balancer.add(next)
      const before = answered
      await until('the new one to take its share', () => answered > before + 50)
      const stopped = old.stop()
      await until('the balancer to notice', () => !balancer.serving(old))
      expect(await stopped).toBe(0)
      serving = [...serving.filter((gateway) => gateway !== old), next]
    }
    const before = answered
    await until('the new ones to serve alone', () => answered > before + 50)
  } finally {
    stop.abort()
    await Promise.all(clients)
  }
  expect(failures).toEqual([])
  expect(serving).toHaveLength(2)
}, 180_000)
