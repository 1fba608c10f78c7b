import type { Stage } from '../stage.ts'
import { distinctSmall, distinctVariables, type Workload } from '../market/queries.ts'
import { median, medianInterval, rounded } from '../results.ts'
import { type Row, table } from '../table.ts'
import { ours } from '../targets/ours.ts'
import { startTarget, type Target } from '../targets/target.ts'
import { comparePair, type PairPace } from './pair.ts'
import { type FeatureSet, featureSets, type Setup, undiciConnections } from './sets.ts'
import { startSurroundings } from './surroundings.ts'

const workloads = [['small', distinctSmall], ['heavy', distinctVariables]] as const

const full: PairPace = { starts: 2, warmMs: 600, pairs: 10, sliceMs: 130 }
const short: PairPace = { starts: 1, warmMs: 100, pairs: 1, sliceMs: 100 }

/** What each feature costs. */
export async function costOfFeatures(stage: Stage): Promise<string> {
  return await costOf(featureSets(await startSurroundings(stage.stack)), stage)
}

/** What our own connections to subgraphs save. */
export async function costOfConnections(stage: Stage): Promise<string> {
  return await costOf([undiciConnections], stage)
}

/** Processor time of the small and the heavy query, no two requests alike, with one feature more or less. */
export async function costOf(sets: readonly FeatureSet[], stage: Stage): Promise<string> {
  const rows: Row[] = []
  for (const set of sets) rows.push([set.name, ...(await costOfOne(set, stage))])
  return table(['a feature', 'small query, % more CPU', '95 % interval', 'heavy query, % more CPU', '95 % interval'], rows)
}

async function costOfOne({ name, off, on, headers }: FeatureSet, { market, session, quick, say, figures }: Stage): Promise<(string | number | null)[]> {
  const pace = quick ? short : full
  const ratios = new Map<Workload, number[]>(workloads.map(([, workload]) => [workload, []]))
  for (let start = 1; start <= pace.starts; start++) {
    say(`${name}: ${start} of ${pace.starts}`)
    await using stack = new AsyncDisposableStack()
    const begin = async (side: string, setup: Setup): Promise<Target> => stack.use(await startTarget(ours(`Aisle ${side} ${name}`, market.supergraph, setup.flags, setup)))
    const [without, with_] = [await begin('without', off), await begin('with', on)]
    for (const [workload, all] of ratios) {
      const sides = [{ target: without, workload }, { target: with_, workload: headers === undefined ? workload : { ...workload, headers } }] as const
      for (const side of sides) await session.ask(side.target, side.workload, pace.warmMs)
      all.push(...(await comparePair(session, sides[0], sides[1], pace)))
    }
  }
  return workloads.flatMap(([size, workload]) => {
    const percent = (ratios.get(workload) ?? []).map((ratio) => (ratio - 1) * 100)
    if (percent.length === 0) return [null, null]
    const [low, high] = medianInterval(percent)
    figures[`feature.${name}.${size}_percent`] = rounded(median(percent))
    figures[`feature.${name}.${size}_percent_low`] = rounded(low)
    figures[`feature.${name}.${size}_percent_high`] = rounded(high)
    return [median(percent), `${low.toFixed(1)} to ${high.toFixed(1)}`]
  })
}
