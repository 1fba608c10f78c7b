import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { compose } from '../../gateway/testing/federation.ts'
import { federationLink } from '../../gateway/testing/subgraph.ts'
import { type Answer, ask, subscribe } from '../environment/client.ts'
import { type RoleProcess, startRole } from '../environment/process.ts'
import { type SmallSubgraph, smallSubgraphs, startSubgraphProcess, type SubgraphProcess } from '../environment/small-subgraphs.ts'
import { until } from '../environment/wait.ts'

const timeoutMs = 500
/** What two busy cores may add to an answer. */
const slackMs = 2_500
const clients = 20

interface Chain extends AsyncDisposable {
  readonly gateway: RoleProcess
  readonly things: SubgraphProcess
  readonly sizes: SubgraphProcess
}

async function startChain(settings: readonly string[] = []): Promise<Chain> {
  await using stack = new AsyncDisposableStack()
  const [things, sizes] = await Promise.all([startSubgraphProcess('things'), startSubgraphProcess('sizes')])
  stack.use(things)
  stack.use(sizes)
  const describe = (name: SmallSubgraph, { url }: SubgraphProcess): [string, { sdl: string; url: string }] => [name, { sdl: federationLink + smallSubgraphs[name].sdl, url }]
  const folder = await mkdtemp(join(tmpdir(), 'killed-'))
  stack.defer(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'supergraph.graphql'), compose([describe('things', things), describe('sizes', sizes)]))
  const flags = ['--port', '0', '--host', '127.0.0.1', '--supergraph', join(folder, 'supergraph.graphql'), '--timeout', String(timeoutMs), '--breaker-pause', '200', '--no-share-queries', '--no-share-subgraph-requests']
  const gateway = stack.use(await startRole('gateway', ['gateway', ...flags, ...settings], { AISLE_LOG_LEVEL: 'silent' }))
  const all = stack.move()
  return { gateway, things, sizes, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

interface Load extends AsyncDisposable {
  /** Answers since the last call. */
  take(): Answer[]
}

/** Clients that ask one after the other for data of both subgraphs. */
function startLoad(url: string): Load {
  let answers: Answer[] = []
  const stop = new AbortController()
  const client = async (): Promise<void> => {
    while (!stop.signal.aborted) answers.push(await ask(url, { query: '{ thing { name size } }' }))
  }
  const running = Promise.all(Array.from({ length: clients }, client))
  return {
    take() {
      const taken = answers
      answers = []
      return taken
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

const whole = { thing: { name: 'one', size: 7 } }
const partial = { thing: { name: 'one', size: null } }
const isWhole = ({ data }: Answer): boolean => JSON.stringify(data) === JSON.stringify(whole)
const outages: ReadonlySet<unknown> = new Set(['SUBGRAPH_UNREACHABLE', 'SUBGRAPH_TIMEOUT', 'SUBGRAPH_CIRCUIT_OPEN'])
const isPartial = ({ data, errors: [error] }: Answer): boolean => JSON.stringify(data) === JSON.stringify(partial) && outages.has(error?.extensions?.code) && error?.path?.join('.') === 'thing'

/** Takes answers until each client has had one that fits, and returns them all. */
async function collect(load: Load, what: string, fits: (answer: Answer) => boolean): Promise<Answer[]> {
  const seen: Answer[] = []
  await until(what, () => {
    seen.push(...load.take())
    return seen.filter(fits).length >= 5 * clients
  })
  return seen
}

/** Each answer has all that the other subgraph gave, says what is missing and why, and did not take longer than it may. */
function expectSound(answers: readonly Answer[]): void {
  const unsound = answers.filter((answer) => answer.ms >= timeoutMs + slackMs || answer.status !== 200 || !(isWhole(answer) || isPartial(answer)))
  expect(unsound).toEqual([])
}

test('a subgraph that is killed under load costs its own fields and no more, until it is back', async () => {
  await using chain = await startChain()
  await using load = startLoad(chain.gateway.url)
  expectSound(await collect(load, 'whole answers', isWhole))
  await chain.sizes.kill()
  expectSound(await collect(load, 'answers without it', (answer) => !isWhole(answer)))
  await using _again = await startSubgraphProcess('sizes', chain.sizes.port)
  expectSound(await collect(load, 'whole answers again', isWhole))
})

test('a subgraph that hangs under load keeps nobody waiting longer than its timeout, until it goes on', async () => {
  await using chain = await startChain()
  await using load = startLoad(chain.gateway.url)
  expectSound(await collect(load, 'whole answers', isWhole))
  chain.sizes.freeze()
  const during = await collect(load, 'answers without it', (answer) => !isWhole(answer))
  chain.sizes.thaw()
  const after = await collect(load, 'whole answers again', isWhole)
  expectSound([...during, ...after])
})

test.each(['graphql-ws', 'sse'])('a subscription goes on when the subgraph of its events is killed and started again (%s)', async (how) => {
  await using chain = await startChain(['--subgraph-subscriptions', `things=${how}`])
  using events = subscribe(chain.gateway.url, { query: 'subscription { ticks { id size } }' })
  await until('events', () => events.events.length >= 3)
  await chain.things.kill()
  const before = events.events.length
  await using _again = await startSubgraphProcess('things', chain.things.port)
  await until('events again', () => events.events.length > before + 3)
  expect(events.events.at(-1)).toMatchObject({ data: { ticks: { size: 7 } } })
})

test('a subscription goes on when the subgraph of its events hangs for longer than it may, and comes back', async () => {
  await using chain = await startChain(['--stream-silence', '300'])
  using events = subscribe(chain.gateway.url, { query: 'subscription { ticks { id size } }' })
  await until('events', () => events.events.length >= 3)
  chain.things.freeze()
  // Those that were on their way are in; then nothing comes until the process goes on, on whichever connection.
  const during = await until('silence', async () => {
    const count = events.events.length
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    return events.events.length === count && count
  })
  chain.things.thaw()
  await until('events again', () => events.events.length > during + 3)
  expect(await Promise.race([events.ended, Promise.resolve('goes on')])).toBe('goes on')
})
