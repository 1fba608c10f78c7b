import type { BenchmarkOptions, BenchmarkReport } from '../../command.ts'
import { installPeers, peersInstalled } from '../install.ts'
import { type Entry, measureRounds, type Pace } from '../rounds.ts'
import { Session } from '../session.ts'
import { startRetailCast } from './cast.ts'
import { Chain } from './chain.ts'
import { retailWorkloads } from './operations.ts'
import { Rehearsal } from './rehearsal.ts'
import { retailReport } from './report.ts'

const full: Pace & { readonly products: number } = { products: 600, rounds: 3, warmUp: { warmMs: 0, measureMs: 1_500 }, slice: { warmMs: 300, measureMs: 2_000 } }
const quick: typeof full = { products: 60, rounds: 1, warmUp: { warmMs: 0, measureMs: 100 }, slice: { warmMs: 0, measureMs: 200 } }

/** So few that the subgraphs, which cost far more than a gateway, keep up: what is measured is the gateway, not a queue before Postgres. */
const connections = 4

/** Three persisted operations on the real subgraphs, over real Postgres. */
export async function measureRetail({ quick: isQuick, say }: BenchmarkOptions, stack: AsyncDisposableStack): Promise<BenchmarkReport> {
  const { products, ...pace } = isQuick ? quick : full
  if (!isQuick) await installPeers(say)
  say('Starting the retail subgraphs')
  const chain = stack.use(await Chain.start(products))
  const workloads = await retailWorkloads(chain.facts)
  const rehearsal = stack.use(await Rehearsal.of(chain, workloads))
  const session = stack.use(await Session.start(rehearsal, connections))
  const cast = stack.use(await startRetailCast(session, rehearsal, workloads, await peersInstalled()))
  const entries = workloads.flatMap((workload) => cast.members.map(({ key, target }): Entry => ({ workload, target, share: key === 'static' ? 0.3 : 1 })))
  const fetches = new Map<Entry, number>()
  for (const entry of entries) fetches.set(entry, await session.fetches(entry.target, entry.workload))
  const results = await measureRounds(session, entries, pace, say)
  return retailReport(cast, workloads, entries, fetches, results, connections)
}
