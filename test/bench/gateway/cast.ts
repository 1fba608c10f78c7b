import { dirname } from 'node:path'
import type { ProxyScript } from './bounds/proxy.ts'
import type { Market } from './market/market.ts'
import { bodyOf, heavy, small } from './market/queries.ts'
import type { Session } from './session.ts'
import { bareProxy, staticReply } from './targets/bounds.ts'
import { ours, withoutSharing } from './targets/ours.ts'
import { apollo, hive, mercurius } from './targets/peers.ts'
import { ask, startTarget, type Target, type TargetDefinition } from './targets/target.ts'

/** Everything that is measured side by side, running. The other gateways are null where they are not installed. */
export interface Cast extends AsyncDisposable {
  readonly ours: Target
  readonly oursSharing: Target
  readonly hive: Target | null
  readonly hiveSharing: Target | null
  readonly apollo: Target | null
  readonly mercurius: Target | null
  readonly proxy: Target
  readonly static: Target
}

/** @throws Error when one of them does not start */
export async function startCast(market: Market, session: Session, withPeers: boolean): Promise<Cast> {
  await using started = new AsyncDisposableStack()
  const start = async (definition: TargetDefinition): Promise<Target> => started.use(await startTarget(definition))
  const peer = async (definition: TargetDefinition): Promise<Target | null> => (withPeers ? await start(definition) : null)
  const gateway = await start(ours('Aisle', market.supergraph, withoutSharing))
  const folder = dirname(market.supergraph)
  const answers: Record<string, string> = {}
  const scripts: Record<string, ProxyScript> = {}
  for (const workload of [heavy, small]) {
    const body = bodyOf(workload)
    const answer = await session.expected(workload)
    answers[body] = JSON.stringify(answer)
    scripts[body] = { answer, waves: await recordWaves(market, gateway, body) }
  }
  const cast = {
    ours: gateway,
    oursSharing: await start(ours('Aisle, sharing', market.supergraph)),
    hive: await peer(hive(market.supergraph, false)),
    hiveSharing: await peer(hive(market.supergraph, true)),
    apollo: await peer(apollo(market.supergraph)),
    mercurius: await peer(mercurius(market.urls)),
    proxy: await start(await bareProxy(folder, scripts)),
    static: await start(await staticReply(folder, answers)),
  }
  const all = started.move()
  return { ...cast, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** What a gateway asks of the subgraphs for one request, for the proxy to ask the same. */
async function recordWaves(market: Market, gateway: Target, body: string): Promise<ProxyScript['waves']> {
  const { origin } = new URL(market.urls.users)
  const waves = await market.record(() => ask(gateway.url, body))
  return waves.map((wave) => wave.map(({ subgraph, body: sent }) => ({ url: `${origin}/${subgraph}`, body: sent })))
}
