import { dirname } from 'node:path'
import type { Workload } from '../market/queries.ts'
import type { Session } from '../session.ts'
import { bareProxy, staticReply } from '../targets/bounds.ts'
import { ours, withoutSharing } from '../targets/ours.ts'
import { apollo, hive, mercurius } from '../targets/peers.ts'
import { startTarget, type Target, type TargetDefinition } from '../targets/target.ts'
import type { Rehearsal } from './rehearsal.ts'

/** One of those measured, by its name among the figures. */
export interface Member {
  readonly key: string
  readonly target: Target
}

/** Who takes part; and who does not, and why. */
export interface RetailCast extends AsyncDisposable {
  readonly members: readonly Member[]
  readonly absent: readonly { readonly name: string; readonly reason: string }[]
}

/**
 * @throws Error when this gateway or a bound does not start; another that does not, or answers something else, is absent
 */
export async function startRetailCast(session: Session, { chain, supergraph: file, scripts }: Rehearsal, workloads: readonly Workload[], withPeers: boolean): Promise<RetailCast> {
  await using started = new AsyncDisposableStack()
  const folder = dirname(file)
  const answers = Object.fromEntries(Object.entries(scripts).map(([body, { answer }]) => [body, JSON.stringify(answer)]))
  const members: Member[] = []
  const absent: { name: string; reason: string }[] = []
  const take = async (key: string, definition: TargetDefinition): Promise<void> => {
    await using own = new AsyncDisposableStack()
    const target = own.use(await startTarget(definition))
    for (const workload of workloads) await session.check(target, workload)
    started.use(own.move())
    members.push({ key, target })
  }
  await take('aisle', ours('Aisle', file, withoutSharing))
  const peers = { hive_rust: hive(file, false), apollo: apollo(file), mercurius: mercurius(chain.urls) }
  for (const [key, definition] of withPeers ? Object.entries(peers) : []) {
    await take(key, definition).catch((error: unknown) => absent.push({ name: definition.name, reason: reasonOf(error) }))
  }
  await take('proxy', await bareProxy(folder, scripts))
  await take('static', await staticReply(folder, answers))
  const all = started.move()
  return { members, absent, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** What a program said of its failure, in a line. */
function reasonOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split('\n').map((line) => line.trim())
  const said = lines.find((line) => /^[A-Za-z]*Error\b/.test(line)) ?? lines[0] ?? ''
  return said.slice(0, 200)
}
