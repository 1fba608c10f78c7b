import type { BenchmarkOptions, BenchmarkReport } from '../command.ts'
import { inParts, type Part } from '../parts.ts'
import { type FeatureSet, featureSets } from './features.ts'
import { installPeers, peersInstalled } from './install.ts'
import { Market } from './market/market.ts'
import { distinctDocuments, distinctSmall, distinctVariables, small, type Workload } from './market/queries.ts'
import type { Results, Series } from './results.ts'
import { measureRounds, type Entry } from './rounds.ts'
import { Session } from './session.ts'
import { type Row, table } from './table.ts'
import { ours, withoutSharing } from './targets/ours.ts'
import { hive } from './targets/peers.ts'
import { startTarget, type Target, type TargetDefinition } from './targets/target.ts'

/** `bench gateway-extra`: what each feature costs, requests that differ each time, and memory after very many. */
export async function run(options: BenchmarkOptions): Promise<BenchmarkReport> {
  if (!options.quick) await installPeers(options.say)
  return await inParts({ variables: onMarket(differentEachTime), features: onMarket(costOfFeatures), memory: onMarket(memoryAfter) }, options)
}

interface Stage {
  readonly market: Market
  readonly session: Session
  /** What is started goes here. */
  readonly stack: AsyncDisposableStack
  readonly quick: boolean
  readonly say: (text: string) => void
  readonly figures: Record<string, number>
}

function onMarket(part: (stage: Stage) => Promise<string>): Part {
  return async ({ quick, say }, stack) => {
    const market = stack.use(await Market.start())
    const session = stack.use(await Session.start(market, connections))
    const figures: Record<string, number> = {}
    return { table: await part({ market, session, stack, quick, say, figures }), figures }
  }
}

const connections = 50

const slices = { warmMs: 500, measureMs: 2_500 }
const quickSlices = { warmMs: 0, measureMs: 500 }

/** Variables that differ with every request: what sharing is worth when nobody asks the same. */
async function differentEachTime({ market: { supergraph }, session, stack, quick, say, figures }: Stage): Promise<string> {
  const peers = await peersInstalled()
  const start = async (definition: TargetDefinition): Promise<Target> => stack.use(await startTarget(definition))
  const sharing = await start(ours('Aisle, sharing', supergraph))
  const alone = await start(ours('Aisle', supergraph, withoutSharing))
  const hiveSharing = peers ? await start(hive(supergraph, true)) : null
  const entries = [sharing, alone, hiveSharing].flatMap((target) => (target === null ? [] : [{ target, workload: distinctVariables }]))
  const results = await measure(session, entries, quick, say)
  const rows = entries.map(({ target }): Row => seriesRow(target.name, results, distinctVariables, target))
  if (hiveSharing !== null) figures['distinct.vs_hive_shared'] = results.of(distinctVariables, sharing).over(results.of(distinctVariables, hiveSharing))
  return table(['heavy query, other variables each time', 'requests/s', 'p50', 'p99', 'CPU ms/request'], rows)
}

/** Processor time of the small and the heavy query, no two requests alike, with one feature more or less. */
async function costOfFeatures({ market, session, stack, quick, say, figures }: Stage): Promise<string> {
  const start = async (name: string, flags: readonly string[]): Promise<Target> => stack.use(await startTarget(ours(name, market.supergraph, flags)))
  const pairs: { readonly name: string; readonly off: Target; readonly on: Target; readonly headers: FeatureSet['headers'] }[] = []
  const known = new Map<string, Target>()
  const once = async (flags: readonly string[]): Promise<Target> => {
    const key = flags.join(' ')
    const target = known.get(key) ?? (await start(`Aisle ${key}`, flags))
    known.set(key, target)
    return target
  }
  for (const { name, off, on, headers } of featureSets) pairs.push({ name, off: await once(off), on: await once(on), headers })
  const workloads = [distinctSmall, distinctVariables]
  const entries = [...known.values()].flatMap((target) => workloads.map((workload) => ({ target, workload })))
  for (const { name, on, headers } of pairs) {
    if (headers !== undefined) entries.push(...workloads.map((workload) => ({ target: on, workload: withHeaders(workload, name, headers) })))
  }
  const results = await measure(session, entries, quick, say)
  const rows = pairs.map(({ name, off, on, headers }): Row => {
    const [ofSmall, ofHeavy] = workloads.map((workload) => cost(results.of(workload, off), results.of(headers === undefined ? workload : withHeaders(workload, name, headers), on)))
    if (ofSmall !== null && ofSmall !== undefined) figures[`feature.${name}.small_percent`] = ofSmall
    if (ofHeavy !== null && ofHeavy !== undefined) figures[`feature.${name}.heavy_percent`] = ofHeavy
    return [name, ofSmall ?? null, ofHeavy ?? null]
  })
  return table(['a feature', 'small query, % more CPU', 'heavy query, % more CPU'], rows)
}

function withHeaders(workload: Workload, feature: string, headers: Readonly<Record<string, string>>): Workload {
  return { ...workload, name: `${workload.name}, ${feature}`, headers }
}

function cost({ cpuPerRequest: before }: Series, { cpuPerRequest: after }: Series): number | null {
  return before === null || after === null ? null : (after / before - 1) * 100
}

/** Memory after 200,000 requests, and after 10,000 documents of which none was like another. */
async function memoryAfter({ market, session, stack, quick, say, figures }: Stage): Promise<string> {
  const [requests, documents] = quick ? [2_000, 200] : [200_000, 10_000]
  const target = stack.use(await startTarget(ours('Aisle', market.supergraph)))
  const rows: Row[] = [['at the start', await target.process.memory(), await target.process.peakMemory()]]
  const step = async (name: string, figure: string, workload: Workload, count: number): Promise<void> => {
    say(name)
    await session.measure(target, workload, { warmMs: 0, measureMs: 200_000 }, count)
    const memory = await target.process.memory()
    rows.push([name, memory, await target.process.peakMemory()])
    if (memory !== null) figures[figure] = memory
  }
  await step(`after ${requests} small requests`, 'memory.requests_mb', small, requests)
  await step(`after ${documents} different documents more`, 'memory.documents_mb', distinctDocuments, documents)
  return table(['memory of one gateway, MB', 'resident', 'peak'], rows)
}

async function measure(session: Session, entries: readonly Entry[], quick: boolean, say: (text: string) => void): Promise<Results> {
  return await measureRounds(session, entries, { rounds: quick ? 1 : 5, warmUp: { warmMs: 0, measureMs: quick ? 300 : 3_000 }, slice: quick ? quickSlices : slices }, say)
}

function seriesRow(name: string, results: Results, workload: Workload, target: Target): Row {
  const series = results.of(workload, target)
  return [name, Math.round(series.perSecond), series.p50, series.p99, series.cpuPerRequest]
}
