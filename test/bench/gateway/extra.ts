import { costOfConnections, costOfFeatures } from './features/run.ts'
import { installPeers, peersInstalled } from './install.ts'
import { distinctDocuments, distinctVariables, small, type Workload } from './market/queries.ts'
import { rounded } from './results.ts'
import { onMarket, type Stage } from './stage.ts'
import { type Row, table } from './table.ts'
import { ours, withoutSharing } from './targets/ours.ts'
import { hive } from './targets/peers.ts'
import { startTarget, type Target, type TargetDefinition } from './targets/target.ts'

/** `bench gateway-extra`: requests that differ each time, what each feature costs, and memory after very many. */
export const parts = { variables: onMarket(differentEachTime), features: onMarket(costOfFeatures), connections: onMarket(costOfConnections), memory: onMarket(memoryAfter) }

/** Variables that differ with every request: what sharing is worth when nobody asks the same. */
async function differentEachTime({ market: { supergraph }, stack, quick, say, measure, figures }: Stage): Promise<string> {
  if (!quick) await installPeers(say)
  const start = async (definition: TargetDefinition): Promise<Target> => stack.use(await startTarget(definition))
  const sharing = await start(ours('Aisle, sharing', supergraph))
  const alone = await start(ours('Aisle', supergraph, withoutSharing))
  const hiveSharing = (await peersInstalled()) ? await start(hive(supergraph, true)) : null
  const entries = [sharing, alone, hiveSharing].flatMap((target) => (target === null ? [] : [{ target, workload: distinctVariables }]))
  const results = await measure(entries)
  const rows = entries.map(({ target }): Row => {
    const { perSecond, p50, p99, cpuPerRequest } = results.of(distinctVariables, target)
    return [target.name, Math.round(perSecond), p50, p99, cpuPerRequest]
  })
  figures['distinct.sharing_over_alone'] = rounded(results.of(distinctVariables, sharing).over(results.of(distinctVariables, alone)))
  if (hiveSharing !== null) figures['distinct.vs_hive_shared'] = rounded(results.of(distinctVariables, sharing).over(results.of(distinctVariables, hiveSharing)))
  return table(['heavy query, other variables each time', 'requests/s', 'p50', 'p99', 'CPU ms/request'], rows)
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
    if (memory !== null) figures[figure] = rounded(memory)
  }
  await step(`after ${requests} small requests`, 'memory.requests_mb', small, requests)
  await step(`after ${documents} different documents more`, 'memory.documents_mb', distinctDocuments, documents)
  return table(['memory of one gateway, MB', 'resident', 'peak'], rows)
}
