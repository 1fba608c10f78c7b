import type { Workload } from '../market/queries.ts'
import type { Session } from '../session.ts'
import type { Target } from '../targets/target.ts'

/** One side of a comparison. */
export interface Side {
  readonly target: Target
  readonly workload: Workload
}

export interface PairPace {
  /** How often both are started anew: what a compiler makes of a program differs from one start to the next. */
  readonly starts: number
  /** Asked before what is measured, each side, in milliseconds. */
  readonly warmMs: number
  /** How often both are compared in one start. */
  readonly pairs: number
  /** How long one of them is asked at a time, in milliseconds. */
  readonly sliceMs: number
}

/**
 * How many times as much processor time a request takes with the second as with the first, once for each pair of slices. Both are asked one
 * right after the other, each first as often as the other, so that what changes on the machine meets both. A side's time runs until it is asked
 * again: what it does late, such as sending spans away, counts as what it does at once.
 */
export async function comparePair(session: Session, off: Side, on: Side, { pairs, sliceMs }: Omit<PairPace, 'starts'>): Promise<number[]> {
  const read = { off: [] as (number | null)[], on: [] as (number | null)[] }
  const sent = { off: [] as number[], on: [] as number[] }
  const ask = async (side: 'off' | 'on', { target, workload }: Side): Promise<void> => {
    read[side].push(await target.process.cpuSeconds())
    sent[side].push(await session.ask(target, workload, sliceMs))
  }
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 2 === 0) await ask('off', off)
    await ask('on', on)
    if (pair % 2 === 1) await ask('off', off)
  }
  read.off.push(await off.target.process.cpuSeconds())
  read.on.push(await on.target.process.cpuSeconds())
  const cost = (side: 'off' | 'on', slice: number): number => {
    const [before, after] = [read[side][slice] ?? Number.NaN, read[side][slice + 1] ?? Number.NaN]
    return (after - before) / (sent[side][slice] ?? 0)
  }
  return Array.from({ length: pairs }, (_, slice) => cost('on', slice) / cost('off', slice)).filter((ratio) => Number.isFinite(ratio))
}
