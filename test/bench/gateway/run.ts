import type { BenchmarkOptions, BenchmarkReport } from '../command.ts'
import { type Cast, startCast } from './cast.ts'
import { installPeers, peersInstalled } from './install.ts'
import { Market } from './market/market.ts'
import { heavy, small } from './market/queries.ts'
import { report } from './report.ts'
import { measureRetail } from './retail/run.ts'
import { type Entry, measureRounds, type Pace } from './rounds.ts'
import { Session } from './session.ts'
import { marketConnections } from './stage.ts'

// Many short rounds rather than few long ones, in the same time: what disturbs the machine for seconds spoils some rounds, and not the median.
const full: Pace = { rounds: 13, warmUp: { warmMs: 0, measureMs: 4_000 }, slice: { warmMs: 200, measureMs: 1_000 } }
const quick: Pace = { rounds: 1, warmUp: { warmMs: 0, measureMs: 200 }, slice: { warmMs: 0, measureMs: 250 } }

/** `bench gateway`: this gateway beside others and beside what none can beat. A quick run takes the others only where they are installed. */
export const parts = { market: measureMarket, retail: measureRetail }

async function measureMarket({ quick: isQuick, say }: BenchmarkOptions, stack: AsyncDisposableStack): Promise<BenchmarkReport> {
  if (!isQuick) await installPeers(say)
  say('Starting everything')
  const market = stack.use(await Market.start())
  const session = stack.use(await Session.start(market, marketConnections))
  const cast = stack.use(await startCast(market, session, await peersInstalled()))
  const entries = entriesOf(cast)
  const fetches = new Map<Entry, number>()
  for (const entry of entries) {
    await session.check(entry.target, entry.workload)
    fetches.set(entry, await session.fetches(entry.target, entry.workload))
  }
  const results = await measureRounds(session, entries, isQuick ? quick : full, say)
  return await report(cast, entries, fetches, results)
}

function entriesOf(cast: Cast): Entry[] {
  const { ours, oursSharing, hive, hiveSharing, apollo, mercurius, proxy, static: fixed } = cast
  const of = (workload: Entry['workload'], targets: readonly (Entry['target'] | null)[], share = 1): Entry[] =>
    targets.flatMap((target) => (target === null ? [] : [{ workload, target, share }]))
  return [
    ...of(heavy, [apollo, hive, ours, proxy, mercurius]),
    ...of(heavy, [fixed], 0.4),
    ...of(heavy, [hiveSharing, oursSharing]),
    ...of(small, [mercurius, ours, hive, proxy, apollo], 0.8),
    ...of(small, [fixed], 0.4),
  ]
}
