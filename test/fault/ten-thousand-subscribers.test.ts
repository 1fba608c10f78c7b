import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { compose } from '../../gateway/testing/federation.ts'
import { startSubgraph, type TestSubgraph } from '../../gateway/testing/subgraph.ts'
import { EventQueue } from '../../gateway/subgraphs/event-queue.ts'
import { startRole } from '../environment/process.ts'
import type { OpenRequest, Report } from '../environment/subscribers.ts'
import { until } from '../environment/wait.ts'

const reading = 9_900
const deaf = 100
/** What may wait for one subscriber that does not read; the gateway's own default is as good, but this one is said here. */
const clientBuffer = 262_144
/** An event of the flood, in bytes. */
const floodBytes = 60_000

interface Topics {
  readonly subgraph: TestSubgraph
  readonly sources: (topic: string) => number
  readonly publish: (topic: string, text: string) => void
}

/** A subgraph with a subscription by topic. */
async function startTopics(): Promise<Topics> {
  const sources = new Map<string, Set<EventQueue<string>>>()
  const subgraph = await startSubgraph({
    sdl: 'type Query { a: Int }  type Subscription { said(topic: ID!): Message }  type Message { text: String }',
    resolvers: {
      Subscription: {
        said: {
          subscribe(_: unknown, { topic }: { topic: string }) {
            const source = new EventQueue<string>({ capacity: 1_000 })
            sources.set(topic, (sources.get(topic) ?? new Set()).add(source))
            return source.drain()
          },
          resolve: (text: string) => ({ text }),
        },
      },
    },
  })
  return {
    subgraph,
    sources: (topic) => sources.get(topic)?.size ?? 0,
    publish: (topic, text) => sources.get(topic)?.forEach((source) => source.push(text)),
  }
}

interface Subscribers extends AsyncDisposable {
  tell(message: OpenRequest | { readonly report: true }): Promise<Report>
}

function startSubscribers(): Subscribers {
  const child = fork(fileURLToPath(new URL('../environment/subscribers.ts', import.meta.url)), { execArgv: ['--no-warnings'], env: { ...process.env, NODE_OPTIONS: '' } })
  return {
    async tell(message) {
      const answer = once(child, 'message')
      child.send(message)
      const [report] = (await answer) as [Report]
      return report
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function figure(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, 'm').exec(text)?.[1] ?? 0)
}

const tooSlow = (url: string): Promise<number> =>
  fetch(`${url}/metrics`).then(async (response) => Number(/graphql_errors_total\{[^}]*code="CLIENT_TOO_SLOW"[^}]*\} (\d+)/.exec(await response.text())?.[1] ?? 0))
const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`
const document = (topic: string): string => `subscription { said(topic: "${topic}") { text } }`

test('ten thousand subscribers on one gateway all get an event, and those that never read cost no more than allowed', async () => {
  const { subgraph, sources, publish } = await startTopics()
  await using _subgraph = subgraph
  const folder = await mkdtemp(join(tmpdir(), 'subscribers-'))
  await using cleanUp = new AsyncDisposableStack()
  cleanUp.defer(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'supergraph.graphql'), compose([['topics', subgraph]]))
  // Nobody is taken for gone while two busy cores serve twenty thousand ends of sockets.
  const settings = ['--client-buffer', String(clientBuffer), '--client-ping', '0', '--stream-silence', '0']
  await using gateway = await startRole('gateway', ['gateway', '--port', '0', '--host', '127.0.0.1', '--supergraph', join(folder, 'supergraph.graphql'), ...settings], { AISLE_LOG_LEVEL: 'error' })
  const url = `${gateway.url.replace('http', 'ws')}/graphql`
  await using one = startSubscribers()
  await using two = startSubscribers()
  const all = [one, two]
  const memory = (): Promise<number> => figure(gateway.url, 'process_resident_memory_bytes')

  const before = await memory()
  const started = performance.now()
  await Promise.all(all.map((each) => each.tell({ open: { url, count: reading / 2, documents: [document('all')] } })))
  await Promise.all(all.map((each) => each.tell({ open: { url, count: deaf / 2, documents: [document('all'), document('flood')], deaf: true } })))
  await until('all subscriptions', async () => (await figure(gateway.url, 'graphql_active_subscriptions')) === reading + 2 * deaf && sources('all') === 1 && sources('flood') === 1)
  const connectedMs = performance.now() - started
  const idle = await memory()

  const published = performance.now()
  publish('all', 'once')
  const received = async (): Promise<Report[] | null> => {
    const reports = await Promise.all(all.map((each) => each.tell({ report: true })))
    return reports.every(({ received: counts }) => counts[1] === reading / 2) ? reports : null
  }
  const reports = await until('the event to reach everyone', received)
  const deliveredMs = performance.now() - published
  expect(reports.map(({ received: counts, unexpected }) => ({ counts, unexpected }))).toEqual(all.map(() => ({ counts: { 1: reading / 2 }, unexpected: [] })))
  expect([await figure(gateway.url, 'graphql_subscription_sources'), sources('all')]).toEqual([2, 1])

  const quiet = await memory()
  let peak = quiet
  const text = 'x'.repeat(floodBytes)
  let sent = 0
  await until('those that never read to be cut off', async () => {
    for (let index = 0; index < 5; index++, sent++) publish('flood', text)
    peak = Math.max(peak, await memory())
    // Kernels buffer more for some than for others, so they are not all cut off by the same event.
    return (await figure(gateway.url, 'graphql_active_subscriptions')) === reading
  })
  // Both subscriptions of each have ended with an error; everyone else is served as before.
  expect(await tooSlow(gateway.url)).toBe(2 * deaf)
  publish('all', 'again')
  await until('the next event to reach everyone', async () => (await Promise.all(all.map((each) => each.tell({ report: true })))).every(({ received: counts }) => counts[2] === reading / 2))

  const perSubscription = (idle - before) / (reading + 2 * deaf)
  process.stdout.write(
    [
      `${reading + deaf} WebSockets with ${reading + 2 * deaf} subscriptions opened in ${(connectedMs / 1000).toFixed(1)} s; one event to ${reading} of them in ${deliveredMs.toFixed(0)} ms, none lost`,
      `memory of the gateway: ${megabytes(before)} before, ${megabytes(idle)} with all of them idle (${(perSubscription / 1024).toFixed(1)} kB a subscription with its socket)`,
      `${deaf} that never read, through ${sent} events of ${floodBytes} bytes: ${megabytes(quiet)} before, ${megabytes(peak)} at most; ${megabytes(deaf * clientBuffer)} may wait for them\n`,
    ].join('\n'),
  )
  expect(perSubscription).toBeLessThan(64 * 1024)
  // What may wait for each, the event that went beyond it, and the garbage of some events more.
  expect(peak - quiet).toBeLessThan(2 * deaf * (clientBuffer + floodBytes) + 64 * 1_048_576)
}, 120_000)
