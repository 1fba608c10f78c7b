import type { ReadinessCheck } from '../../runtime/health.ts'
import type { SubgraphClient } from '../subgraphs/client.ts'

/** Longest wait for one subgraph, in milliseconds. */
const probeTimeoutMs = 1_500

/**
 * Ready once every subgraph serves. From then on one that fails costs its own part of the answers and no more, so the
 * gateway stays ready as long as any of them serves: else a balancer would take away what still works.
 * @param cacheMs how long a good answer about the subgraphs stands, in milliseconds; a bad one stands for a twentieth of that
 */
export function subgraphReadiness(current: () => SubgraphClient, cacheMs = 2_000): ReadinessCheck {
  let askAgainAt = -Infinity
  let known: Promise<string | null> = Promise.resolve(null)
  let wasReady = false
  const check = async (): Promise<string | null> => {
    const client = current()
    const problems = await Promise.all(client.names.map(async (name) => ({ name, problem: await client.problem(name, probeTimeoutMs) })))
    const failing = problems.filter(({ problem }) => problem !== null)
    if (failing.length === 0) wasReady = true
    if (failing.length === 0 || (wasReady && failing.length < problems.length)) return null
    return failing.map(({ name, problem }) => `${name} ${problem}`).join(', ')
  }
  return () => {
    if (performance.now() >= askAgainAt) {
      askAgainAt = Infinity
      known = check().then((problem) => {
        askAgainAt = performance.now() + (problem === null ? cacheMs : cacheMs / 20)
        return problem
      })
    }
    return known
  }
}
