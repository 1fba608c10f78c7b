import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { buildASTSchema } from 'graphql'
import { createCaller, type Caller } from '../../../runtime/identity/caller.ts'
import { publicSchema } from '../../../schema/compose.ts'
import { schemaFile } from '../../../schema/files.ts'
import { operationIdOf } from '../../../schema/manifest.ts'
import type { Tag } from '../../../subgraphs/shared/tags.ts'
import { entities } from '../../../subgraphs/storage/entities.ts'
import { randomQueries, type RandomQuery } from '../../../test/differential/documents.ts'
import { knownQuery } from '../../../test/differential/known.ts'
import { Random } from '../../../test/differential/random.ts'
import { eventually, scratchFolder } from '../data/testing/conditions.ts'
import type { Answer } from '../serve/execute.ts'
import { answeringNode, everybody, type AnsweringNode } from '../testing/answering-node.ts'
import { tellTheSameFaults } from '../testing/faults.ts'
import { Chance, SmallWorld } from '../testing/small-world.ts'

const seed = Number(process.env.CACHE_SEED ?? 1)
const steps = Number(process.env.CACHE_STEPS ?? 80)
const callers: readonly Caller[] = [everybody, createCaller({ subject: 'clerk', roles: ['admin'] })]
/** Operations beside the project's own, so that every field is asked for. */
const randomOperations = 60
/** So many questions are asked again after each step: what was never asked before is no hit. */
const remembered = 30
const freshAStep = 3

interface Question {
  readonly name: string
  readonly variables: Record<string, unknown>
  readonly caller: Caller
}

/**
 * What is answered now and what an execution of now gives, at one and the same state; and that mercurius gives the same data and finds
 * fault with the same places.
 */
async function compare(node: AnsweringNode, { name, variables, caller }: Question, note: (tags: readonly Tag[]) => void): Promise<{ answered: string; executed: string; hit: boolean; data: unknown } | null> {
  const operation = node.operation(name)
  for (;;) {
    const { clock } = node.data.moves
    const { hits } = node.cache.counts
    try {
      const { bytes } = await node.answers.answer({ operation, variables, caller, alias: null })
      const hit = node.cache.counts.hits > hits
      const fresh = await node.executor.run(operation, variables, caller, { note, unkeepable() {} })
      // What an execution means was looked at when the answer was made.
      const reference = hit ? fresh : await node.reference.run(operation, variables, caller)
      if (node.data.moves.clock !== clock) continue
      const executed = bytesOf(fresh)
      const meant = JSON.stringify(fresh.data) === JSON.stringify(reference.data) && tellTheSameFaults(fresh, reference)
      return { answered: bytes, executed: meant ? executed : bytesOf(reference), hit, data: fresh.data }
    } catch (error) {
      // Variables that do not fit: then none of them may answer.
      const others = await Promise.allSettled([
        (async () => node.answers.answer({ operation, variables, caller, alias: null }))(), (async () => node.executor.run(operation, variables, caller))(), (async () => node.reference.run(operation, variables, caller))(),
      ])
      if (others.some(({ status }) => status === 'fulfilled')) throw error
      return null
    }
  }
}

function bytesOf({ data, errors }: Answer): string {
  return Buffer.from(`{"data":${JSON.stringify(data)}${errors.length === 0 ? '' : `,"errors":${JSON.stringify(errors)}`}`).toString('latin1')
}

/** What is read, without whose it is: 'stock::' for one level, 'device@' for the devices of a store. */
function kindOf(tag: Tag): string {
  return tag.replace(/([:@])[^:@]*/g, '$1')
}

test(`whatever happens, every ready answer has the bytes that an execution would give (seed ${seed}: ${steps} steps)`, async () => {
  const chance = new Chance(seed)
  const random = new Random(seed)
  const world = new SmallWorld(chance)
  using folder = scratchFolder()
  const schema = buildASTSchema(publicSchema(await readFile(schemaFile('supergraph.graphql'), 'utf8')))
  const committed = JSON.parse(await readFile(schemaFile('manifest.json'), 'utf8')) as { operations: { name: string; type: string; body: string }[] }
  const own = new Map(committed.operations.flatMap(({ name, type, body }): [string, RandomQuery][] => (type === 'query' ? [[name, knownQuery(schema, world.pool, body)]] : [])))
  const others = new Map(randomQueries(schema, new Set(), world.pool, random, randomOperations).map((query): [string, RandomQuery] => [query.name, query]))
  const manifest = join(folder.path, 'manifest.json')
  await writeFile(manifest, JSON.stringify({ ...committed, operations: [...committed.operations, ...[...others.values()].map(({ name, text }) => ({ id: operationIdOf(text), name, type: 'query', body: text }))] }))
  await using node = await answeringNode({ directory: folder.path, cloud: world.cloud, cacheBytes: 120_000, manifest })
  await eventually(() => world.settled(node), 'the first copy')

  const ask = (): Question => {
    const caller = chance.of(callers)
    const kind = chance.below(3)
    if (kind === 0) {
      const name = chance.of([...others.keys()])
      return { name, variables: others.get(name)?.variables(random) ?? {}, caller }
    }
    const name = chance.of([...own.keys()])
    return { name, variables: kind === 1 ? world.variables(name) : own.get(name)?.variables(random) ?? {}, caller }
  }
  const asked: Question[] = []
  const hit = new Set<string>()
  const read = new Set<string>()
  const note = (tags: readonly Tag[]): void => {
    for (const tag of tags) read.add(kindOf(tag))
  }
  for (let step = 0; step < steps; step += 1) {
    await world.step(node)
    // Half of the time the next question meets whatever is under way.
    if (step % 2 === 0) await eventually(() => world.settled(node), `step ${step} to arrive`)
    for (let fresh = 0; fresh < freshAStep; fresh += 1) if (asked.push(ask()) > remembered) asked.splice(chance.below(remembered), 1)
    for (const question of asked) {
      const compared = await compare(node, question, note)
      if (compared === null) continue
      if (compared.hit) hit.add(question.name)
      world.pool.cursors.collect(compared.data)
      if (compared.answered !== compared.executed) {
        throw new Error(`seed ${seed}, step ${step}: ${node.operation(question.name).source}\n${JSON.stringify(question.variables)} (${compared.hit ? 'ready' : 'executed'})\n${compared.answered}\n${compared.executed}`)
      }
    }
  }
  const { hits, misses, stale, evictions } = node.cache.counts
  // A cache that keeps nothing, or never drops anything, would have been in vain.
  expect({ often: hits > misses / 4, dropped: stale > steps / 4, made: misses > steps, room: evictions > 0 }).toEqual({ often: true, dropped: true, made: true, room: true })
  // Nor does it say anything of what was never asked for, read or changed.
  const changed = [...world.changed, 'edge_operation']
  expect({ unasked: [...own.keys()].filter((name) => !hit.has(name)), unread: readKinds.filter((kind) => !read.has(kind)), unchanged: Object.keys(entities).filter((name) => !changed.includes(name)) })
    .toEqual({ unasked: ['MyRecommendations', 'MovementHistory'].filter((name) => !hit.has(name)), unread: [], unchanged: [] })
}, 120_000)

/** Every kind of tag that reads have. */
const readKinds = [
  'product', 'product:', 'category', 'category:', 'list_price', 'list_price:', 'store', 'store:', 'neighbours:', 'trending:', 'store_price:', 'store_price::', 'stock:', 'stock::',
  'device:', 'device@', 'reading:', 'edge_operation:', 'reading retention',
]
