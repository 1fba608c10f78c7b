import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { operationIds } from '../../environment/client.ts'
import type { BenchmarkOptions, BenchmarkReport } from '../command.ts'
import { largeCatalogue } from './catalogue.ts'
import type { LoadOrder } from './load.ts'
import { report, type Measured, type Round } from './report.ts'
import { Asker, Target, type Sample } from './target.ts'

const connections = 32
const hotKeys = 500

/** As the chart runs a node, so that it stays within 256 MB: V8 otherwise lets its heap grow before it tidies up. */
function chartOptions(): string[] {
  const options = /^nodeOptions: (.*)$/m.exec(readFileSync(new URL('../../../helm/aisle-edge/values.yaml', import.meta.url), 'utf8'))?.[1]
  if (options === undefined) throw new Error('the chart aisle-edge sets no nodeOptions')
  return options.split(' ')
}

/** How much is asked: of each in a round (of mercurius, which takes longer, less), and in how many rounds. */
const full = { products: 50_000, rounds: 13, warm: 3_000, hot: 8_000, slowHot: 1_500, slowMiss: 1_500, kept: 10_000, keptRounds: 5 }
const quick = { products: 2_000, rounds: 2, warm: 200, hot: 500, slowHot: 200, slowMiss: 200, kept: 1_000, keptRounds: 1 }

/**
 * A store's node beside a bare `node:http` reply of as many bytes and beside mercurius, on one core, the load on the other: many short rounds,
 * each in another order, so that what else happens on the machine meets all of them, and one disturbed slice decides nothing.
 * Each key of the misses is asked for once.
 */
export async function run({ quick: short, say }: BenchmarkOptions): Promise<BenchmarkReport> {
  const size = short ? quick : full
  const { storeId, productIds } = largeCatalogue(size.products)
  const label = (await operationIds()).get('ShelfLabel')?.id ?? ''
  const paths = productIds.map((productId) => `/graphql?${new URLSearchParams({ documentId: label, variables: JSON.stringify({ productId, storeId }) }).toString()}`)
  const flags = chartOptions()
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'aisle-bench-edge-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))

  const asInChart = { flags, env: { NODE_COMPILE_CACHE: join(folder, 'compiled') } }
  const cloud = stack.use(await Target.start('the cloud', 'cloud.ts', [String(size.products)], { core: 'others' }))
  say(`Copying ${size.products.toLocaleString('en')} products into a store's node`)
  const first = await Target.start('the node', 'node.ts', [join(folder, 'node'), cloud.url, storeId], asInChart)
  const { details } = first
  // By SIGKILL, as a box loses its power.
  await first[Symbol.asyncDispose]()
  await cp(join(folder, 'node'), join(folder, 'mercurius'), { recursive: true })
  // The node that is measured has started from its disk, as a store's does.
  const began = performance.now()
  const node = stack.use(await Target.start('the node', 'node.ts', [join(folder, 'node'), cloud.url, storeId], asInChart))
  const bytes = Buffer.byteLength(await (await fetch(`${node.url}${paths[0] ?? ''}`)).text())
  const restartSeconds = (performance.now() - began) / 1000
  const mercurius = stack.use(await Target.start('mercurius', 'mercurius.ts', [join(folder, 'mercurius'), cloud.url, storeId]))
  const bare = stack.use(await Target.start('node:http', 'static.ts', [String(bytes)], { flags }))
  const asker = stack.use(await Asker.start())
  const targets = { bare, node, mercurius }

  const measured: Measured = { bytes, details: { ...details, restartSeconds }, miss: [], hot: [], warm: [], memory: { start: await node.process.memory(), end: null, peak: null } }
  const hot = paths.slice(0, hotKeys)
  const share = Math.floor((paths.length - size.warm) / size.rounds)
  // A text finds its answer from the second time on.
  const hotTwice = [...hot, ...hot]
  const slice = (asked: readonly string[], requests: number, warmUp: readonly string[] = hotTwice): Slice => ({ paths: asked, requests, warmUp, connections })
  say('Warming up')
  const begin = paths.slice(0, size.warm)
  for (const target of [bare, node, mercurius]) await asker.measure(target, slice(hot, size.warm, begin))
  for (let round = 0; round < size.rounds; round += 1) {
    say(`Round ${round + 1} of ${size.rounds}`)
    const own = paths.slice(size.warm + round * share, size.warm + (round + 1) * share)
    const slow = own.slice(0, size.slowMiss)
    measured.miss.push(await measureRound(asker, targets, round, { bare: slice(own, own.length), node: slice(own, own.length), mercurius: slice(slow, slow.length) }))
    for (const turn of [2 * round, 2 * round + 1]) measured.hot.push(await measureRound(asker, targets, turn, { bare: slice(hot, size.hot), node: slice(hot, size.hot), mercurius: slice(hot, size.slowHot) }))
  }
  say('As many keys as the cache has room for')
  const kept = paths.slice(-size.kept)
  await asker.measure(node, slice(kept, kept.length))
  for (let round = 0; round < size.keptRounds; round += 1) measured.warm.push(await measureRound(asker, targets, round, { bare: slice(kept, kept.length), node: slice(kept, kept.length) }))
  measured.memory = { ...measured.memory, end: await node.process.memory(), peak: await node.process.peakMemory() }
  return report(measured)
}

/** What is asked of one target in one round. */
type Slice = Omit<LoadOrder, 'url'>

const orders = [['bare', 'node', 'mercurius'], ['mercurius', 'bare', 'node'], ['node', 'mercurius', 'bare']] as const

/** The order turns with the rounds, and every other time runs backwards, so that nobody always comes after the same. */
async function measureRound(asker: Asker, targets: Readonly<Record<keyof Round, Target>>, round: number, slices: Readonly<Record<'bare' | 'node', Slice> & Partial<Record<'mercurius', Slice>>>): Promise<Round> {
  const samples: { -readonly [Name in keyof Round]?: Sample } = {}
  const order = orders[round % orders.length] ?? orders[0]
  for (const name of round % 2 === 0 ? order : order.toReversed()) {
    const slice = slices[name]
    if (slice !== undefined) samples[name] = await asker.measure(targets[name], slice)
  }
  return { mercurius: null, ...samples } as Round
}
