import type { Stage } from '../stage.ts'
import { distinctSmall, distinctVariables, type Workload } from '../market/queries.ts'
import { rounded } from '../results.ts'
import type { Entry } from '../rounds.ts'
import { type Row, table } from '../table.ts'
import { ours } from '../targets/ours.ts'
import { startTarget, type Target } from '../targets/target.ts'
import { type FeatureSet, featureSets, type Setup } from './sets.ts'
import { startSurroundings } from './surroundings.ts'

/** Two gateways that differ in one feature, and what each is asked with. */
interface Pair {
  readonly name: string
  readonly off: Target
  readonly on: Target
  readonly headers: FeatureSet['headers']
}

const workloads = [distinctSmall, distinctVariables]

/** Processor time of the small and the heavy query, no two requests alike, with one feature more or less. */
export async function costOfFeatures({ market, stack, measure, figures }: Stage): Promise<string> {
  const known = new Map<string, Target>()
  const once = async (setup: Setup): Promise<Target> => {
    const key = JSON.stringify(setup)
    const target = known.get(key) ?? stack.use(await startTarget(ours(`Aisle ${known.size}`, market.supergraph, setup.flags, setup)))
    known.set(key, target)
    return target
  }
  const pairs: Pair[] = []
  for (const { name, off, on, headers } of featureSets(await startSurroundings(stack))) pairs.push({ name, off: await once(off), on: await once(on), headers })
  const asked = new Map<string, Entry>()
  const ask = (target: Target, workload: Workload): void => void asked.set(`${target.name} ${workload.name}`, { target, workload })
  for (const { name, off, on, headers } of pairs) {
    for (const workload of workloads) {
      ask(off, workload)
      ask(on, withHeaders(workload, name, headers))
    }
  }
  const results = await measure([...asked.values()])
  const rows = pairs.map(({ name, off, on, headers }): Row => {
    const [ofSmall = null, ofHeavy = null] = workloads.map((workload) => {
      const ratio = results.of(withHeaders(workload, name, headers), on).costOver(results.of(workload, off))
      return ratio === null ? null : (ratio - 1) * 100
    })
    if (ofSmall !== null) figures[`feature.${name}.small_percent`] = rounded(ofSmall)
    if (ofHeavy !== null) figures[`feature.${name}.heavy_percent`] = rounded(ofHeavy)
    return [name, ofSmall, ofHeavy]
  })
  return table(['a feature', 'small query, % more CPU', 'heavy query, % more CPU'], rows)
}

function withHeaders(workload: Workload, feature: string, headers: FeatureSet['headers']): Workload {
  return headers === undefined ? workload : { ...workload, name: `${workload.name}, ${feature}`, headers }
}
