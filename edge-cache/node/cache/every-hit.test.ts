import { expect, test } from '@jest/globals'
import { eventually, scratchFolder } from '../data/testing/conditions.ts'
import type { Answer } from '../serve/execute.ts'
import { tellTheSameFaults } from '../testing/faults.ts'
import { answeringNode, everybody, type AnsweringNode } from '../testing/answering-node.ts'
import { Chance, SmallWorld } from '../testing/small-world.ts'
import { createCaller, type Caller } from '../../../runtime/identity/caller.ts'

const seed = Number(process.env.CACHE_SEED ?? 1)
const steps = Number(process.env.CACHE_STEPS ?? 120)
const callers: readonly Caller[] = [everybody, createCaller({ subject: 'clerk', roles: ['admin'] })]

/**
 * What is answered now and what an execution of now gives, at one and the same state; and that mercurius gives the same data and finds
 * fault with the same places.
 */
async function compare(node: AnsweringNode, name: string, variables: Record<string, unknown>, caller: Caller): Promise<{ answered: string; executed: string; hit: boolean }> {
  const operation = node.operation(name)
  for (;;) {
    const { clock } = node.data.moves
    const { hits } = node.cache.counts
    const { bytes } = await node.answers.answer({ operation, variables, caller, alias: null })
    const hit = node.cache.counts.hits > hits
    const fresh = await node.executor.run(operation, variables, caller)
    const reference = await node.reference.run(operation, variables, caller)
    if (node.data.moves.clock !== clock) continue
    const executed = bytesOf(fresh)
    const meant = JSON.stringify(fresh.data) === JSON.stringify(reference.data) && tellTheSameFaults(fresh, reference)
    return { answered: bytes, executed: meant ? executed : bytesOf(reference), hit }
  }
}

function bytesOf({ data, errors }: Answer): string {
  return Buffer.from(`{"data":${JSON.stringify(data)}${errors.length === 0 ? '' : `,"errors":${JSON.stringify(errors)}`}`).toString('latin1')
}

test(`whatever happens, every ready answer has the bytes that an execution would give (seed ${seed}: ${steps} steps)`, async () => {
  const chance = new Chance(seed)
  const world = new SmallWorld(chance)
  using folder = scratchFolder()
  await using node = await answeringNode({ directory: folder.path, cloud: world.cloud, cacheBytes: 200_000 })
  await eventually(() => world.settled(node), 'the first copy')
  const names = [...node.operations.byName].flatMap(([name, { operation }]) => (operation.type === 'query' ? [name] : []))
  const hit = new Set<string>()
  for (let step = 0; step < steps; step += 1) {
    await world.step(node)
    // Half of the time the next question meets whatever is under way.
    if (step % 2 === 0) await eventually(() => world.settled(node), `step ${step} to arrive`)
    for (let question = 0; question < 12; question += 1) {
      const name = chance.of(names)
      const variables = world.variables(name)
      const compared = await compare(node, name, variables, chance.of(callers))
      if (compared.hit) hit.add(name)
      if (compared.answered !== compared.executed) throw new Error(`seed ${seed}, step ${step}: ${name} ${JSON.stringify(variables)} (${compared.hit ? 'ready' : 'executed'})\n${compared.answered}\n${compared.executed}`)
    }
  }
  const { hits, misses, stale, evictions } = node.cache.counts
  // A cache that keeps nothing, or never drops anything, would have been in vain.
  expect({ often: hits > misses / 4, dropped: stale > steps / 4, made: misses > steps, room: evictions > 0 }).toEqual({ often: true, dropped: true, made: true, room: true })
  expect(names.filter((name) => !hit.has(name))).toEqual(['MyRecommendations', 'MovementHistory'].filter((name) => !hit.has(name)))
}, 120_000)
