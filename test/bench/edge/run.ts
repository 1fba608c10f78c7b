import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { operationIds } from '../../environment/client.ts'
import type { BenchmarkOptions, BenchmarkReport } from '../command.ts'
import { largeCatalogue } from './catalogue.ts'
import { report, type Measured } from './report.ts'
import { Asker, Target, type Sample } from './target.ts'

const connections = 32
const hotKeys = 500

/** As the chart runs a node, so that it stays within 256 MB: V8 otherwise lets its heap grow before it tidies up. */
function chartOptions(): string[] {
  const options = /^nodeOptions: (.*)$/m.exec(readFileSync(new URL('../../../helm/aisle-edge/values.yaml', import.meta.url), 'utf8'))?.[1]
  if (options === undefined) throw new Error('the chart aisle-edge sets no nodeOptions')
  return options.split(' ')
}

/** How much is asked: of each in a round, and in how many rounds. */
const full = { products: 50_000, rounds: 5, warm: 3_000, hot: 20_000, slow: 5_000, kept: 10_000 }
const quick = { products: 2_000, rounds: 2, warm: 200, hot: 500, slow: 200, kept: 1_000 }

/**
 * A store's node beside a bare `node:http` reply of as many bytes and beside mercurius, round by round on one core, the load on the other.
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

  const measured: Measured = { bytes, details: { ...details, restartSeconds }, miss: [], hot: [], warm: [], memory: { start: await node.process.memory(), end: null, peak: null } }
  const hot = paths.slice(0, hotKeys)
  const share = Math.floor((paths.length - size.warm) / size.rounds)
  const ask = (target: Target, asked: readonly string[], requests: number): Promise<Sample> => asker.measure(target, { paths: asked, requests, connections })
  say('Warming up')
  const begin = paths.slice(0, size.warm)
  for (const target of [bare, node, mercurius]) {
    await ask(target, begin, size.warm)
    await ask(target, hot, size.warm)
  }
  for (let round = 0; round < size.rounds; round += 1) {
    say(`Round ${round + 1} of ${size.rounds}`)
    const own = paths.slice(size.warm + round * share, size.warm + (round + 1) * share)
    measured.miss.push({ bare: await ask(bare, own, share), node: await ask(node, own, share), mercurius: await ask(mercurius, own.slice(0, size.slow), Math.min(share, size.slow)) })
    measured.hot.push({ bare: await ask(bare, hot, size.hot), node: await ask(node, hot, size.hot), mercurius: await ask(mercurius, hot, size.slow) })
  }
  // As many as the cache has room for.
  const kept = paths.slice(-size.kept)
  await ask(node, kept, kept.length)
  measured.warm.push({ bare: await ask(bare, kept, kept.length), node: await ask(node, kept, kept.length), mercurius: null })
  measured.memory = { ...measured.memory, end: await node.process.memory(), peak: await node.process.peakMemory() }
  return report(measured)
}
