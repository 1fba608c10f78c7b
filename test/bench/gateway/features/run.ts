import type { Stage } from '../stage.ts'
import { distinctSmall, distinctVariables, type Workload } from '../market/queries.ts'
import { rounded } from '../results.ts'
import type { Entry, Pace } from '../rounds.ts'
import { type Row, table } from '../table.ts'
import { ours } from '../targets/ours.ts'
import { startTarget, type Target } from '../targets/target.ts'
import { type FeatureSet, featureSets, type Setup, undiciConnections } from './sets.ts'
import { startSurroundings } from './surroundings.ts'

/** Two gateways that differ in one feature, and what each is asked with. */
interface Pair {
  readonly name: string
  readonly off: Target
  readonly on: Target
  readonly headers: FeatureSet['headers']
}

const workloads = [distinctSmall, distinctVariables]

const full: Pace = { rounds: 8, warmUp: { warmMs: 0, measureMs: 1_500 }, slice: { warmMs: 50, measureMs: 450 } }
const short: Pace = { rounds: 1, warmUp: { warmMs: 0, measureMs: 100 }, slice: { warmMs: 0, measureMs: 100 } }

/** What each feature costs. */
export async function costOfFeatures(stage: Stage): Promise<string> {
  return await costOf(featureSets(await startSurroundings(stage.stack)), stage)
}

/** What our own connections to subgraphs save. */
export async function costOfConnections(stage: Stage): Promise<string> {
  return await costOf([undiciConnections], stage)
}

/** Processor time of the small and the heavy query, no two requests alike, with one feature more or less. */
async function costOf(sets: readonly FeatureSet[], { market, stack, quick, measureAt, figures }: Stage): Promise<string> {
  // Two gateways for each: one that several features were compared with would have run more, and compiled more, than any of them.
  const start = async (name: string, setup: Setup): Promise<Target> => stack.use(await startTarget(ours(name, market.supergraph, setup.flags, setup)))
  const pairs: Pair[] = []
  for (const { name, off, on, headers } of sets) pairs.push({ name, off: await start(`Aisle without ${name}`, off), on: await start(`Aisle with ${name}`, on), headers })
  // What is compared runs within a second: a machine that others share changes more over a minute than most features cost.
  const results = await measureAt(quick ? short : full, pairs.flatMap(({ name, off, on, headers }): Entry[] => workloads.flatMap((workload) => [
    { target: off, workload: without(workload, name) },
    { target: on, workload: withHeaders(workload, name, headers) },
  ])))
  const rows = pairs.map(({ name, off, on, headers }): Row => {
    const [ofSmall = null, ofHeavy = null] = workloads.map((workload) => {
      const ratio = results.of(withHeaders(workload, name, headers), on).costOver(results.of(without(workload, name), off))
      return ratio === null ? null : (ratio - 1) * 100
    })
    if (ofSmall !== null) figures[`feature.${name}.small_percent`] = rounded(ofSmall)
    if (ofHeavy !== null) figures[`feature.${name}.heavy_percent`] = rounded(ofHeavy)
    return [name, ofSmall, ofHeavy]
  })
  return table(['a feature', 'small query, % more CPU', 'heavy query, % more CPU'], rows)
}

function withHeaders(workload: Workload, feature: string, headers: FeatureSet['headers']): Workload {
  return { ...workload, name: `${workload.name}, ${feature}`, ...(headers === undefined ? {} : { headers }) }
}

function without(workload: Workload, feature: string): Workload {
  return { ...workload, name: `${workload.name}, without ${feature}` }
}
