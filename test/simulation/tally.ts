import { faults } from './faults.ts'
import { weathers } from './link.ts'
import { crashPoints } from './node.ts'
import { work } from './workload.ts'

/** Counts one more time of something by its name. */
export type Count = (name: string) => void

/** How often each thing that the simulation says can happen did happen. */
export type Tally = Readonly<Record<string, number>>

/** What a fault, or a thing that somebody did, leads to where two sides meet; each is counted where it takes effect. */
const effects = [
  'long offline: 30 days in one piece', 'long offline: a node runs all the time', 'long offline: clock wrong at a reboot', 'long offline: the log no longer reaches back',
  'clock: at 1970', 'clock: a day ahead', 'clock: a day behind',
  'disk full: a write was not kept',
  'long transaction: batches passed it', 'long transaction: ten minutes',
  'sequencers: killed between two statements', 'sequencers: two at the fence',
  'origin: SHUTTING_DOWN', 'origin: DATABASE_UNAVAILABLE', 'origin: INTERNAL_SERVER_ERROR', 'origin: STORE_UNKNOWN', 'origin: ORIGIN_BUSY', 'origin: BAD_REQUEST',
  'origin: EPOCH_MISMATCH', 'origin: POSITION_AHEAD', 'origin: POSITION_TOO_OLD', 'origin: LOG_DIVERGED',
  'read: a part of a batch', 'read: a compacted log', 'read: compacted inside of a batch', 'read: digests', 'read: rows of a range', 'read: a whole copy',
  'delivered: again', 'delivered: refused by a rule', 'delivered: of a kind unknown there', 'delivered: the answer was lost',
] as const

/** Everything that is counted: what never happens shows with a zero. */
export const tallied: readonly string[] = [
  ...Object.keys(work),
  ...Object.keys(faults),
  ...Object.keys(weathers).filter((name) => name !== 'fair').map((name) => `link: ${name}`),
  ...crashPoints.map((point) => `killed at: ${point}`),
  ...effects,
]

/** Counts by name, with the zeroes. @throws Error for a name that nobody promised. */
export function tallyOf(counts: ReadonlyMap<string, number>): Tally {
  for (const name of counts.keys()) if (!tallied.includes(name)) throw new Error(`"${name}" is counted, and not among what can happen.`)
  return Object.fromEntries(tallied.map((name) => [name, counts.get(name) ?? 0]))
}

/** The sum of two. */
export function addTallies(one: Tally, other: Tally): Tally {
  return Object.fromEntries(tallied.map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]))
}
