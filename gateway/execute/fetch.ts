import type { FetchNode } from '../plan/planner.ts'
import { fetchFailure, readSubgraphErrors, relocate, type SubgraphError } from './errors.ts'
import type { JsonObject } from '../../runtime/json.ts'
import type { Merge } from './merge.ts'
import { type ResponsePath, toPath } from './path.ts'
import { plannersAlias } from './plan-keys.ts'
import { renameOf, type Rewrite } from './rewrites.ts'
import type { Run, SendPolicies, Step } from './run.ts'
import type { SubgraphReply } from '../subgraphs/types.ts'
import type { Walk } from './walk.ts'

/** The parts of a plan's fetch that make up a request. */
export interface Outgoing {
  readonly operation: string
  readonly operationName?: string | undefined
  readonly variableUsages?: readonly string[] | undefined
}

/** Compiles a request's JSON body; `representations` is ready JSON text (`,"name":[…]`) to put among the variables. */
export function compileBody({ operation, operationName, variableUsages = [] }: Outgoing): (variables: JsonObject, representations?: string) => string {
  const start = `{"query":${JSON.stringify(operation)}${operationName ? `,"operationName":${JSON.stringify(operationName)}` : ''}`
  const used = (variableUsages ?? []).map((name) => ({ name, prefix: `,${JSON.stringify(name)}:` }))
  return (variables, representations = '') => {
    let members = ''
    for (const { name, prefix } of used) {
      const value = variables[name]
      if (value !== undefined) members += prefix + JSON.stringify(value)
    }
    members += representations
    return members === '' ? `${start}}` : `${start},"variables":{${members.slice(1)}}}`
  }
}

/** Takes the data of a fetch at the root of the operation, errors included, into the run. */
export type Absorb = (run: Run, reply: SubgraphReply) => void

export function compileAbsorb(node: FetchNode, rewrite: Rewrite | null, rootKeys: readonly string[], merge: Merge): Absorb {
  const places = rootKeys.map((key): ResponsePath => [key])
  const follow = compilePathRewrite(node)
  return (run, reply) => {
    for (const error of readSubgraphErrors(reply.errors)) {
      const path = follow(error)
      // An error that made the whole answer null accounts for its other fields, too.
      run.fail(relocate(error, node.serviceName, path ?? (places.length === 1 ? (places[0] ?? null) : null)), path === null || !reply.data ? places : [path])
    }
    if (!reply.data) return
    run.took(reply)
    rewrite?.(reply.data)
    merge(run.data, reply.data, false)
  }
}

export function compileRootFetch(node: FetchNode, absorb: Absorb, rootKeys: readonly string[], kind: keyof SendPolicies): Step {
  const { serviceName } = node
  const body = compileBody(node)
  const places = rootKeys.map((key): ResponsePath => [key])
  return async (run) => {
    try {
      absorb(run, await run.send(serviceName, body(run.variables), kind))
    } catch (error) {
      run.fail(fetchFailure(error, serviceName, places), places)
    }
  }
}

/** A fetch from the root for objects of the root's type that stand elsewhere (`type Basket { query: Query! }`): each gets the same. */
export function compileRootFetchBelow(node: FetchNode, walk: Walk, rewrite: Rewrite | null, rootKeys: readonly string[], merge: Merge): Step {
  const { serviceName } = node
  const body = compileBody(node)
  const follow = compilePathRewrite(node)
  const objectsIn = (run: Run): JsonObject[] => {
    const objects: JsonObject[] = []
    walk(run.data, false, (object) => objects.push(object))
    return objects
  }
  const placesIn = (run: Run): ResponsePath[] => {
    const places: ResponsePath[] = []
    walk(run.data, true, (_object, path) => places.push(toPath(path)))
    return places
  }
  const below = (place: ResponsePath): ResponsePath[] => rootKeys.map((key) => [...place, key])
  return async (run) => {
    const objects = objectsIn(run)
    if (objects.length === 0) return
    try {
      const reply = await run.send(serviceName, body(run.variables), 'query')
      for (const error of readSubgraphErrors(reply.errors)) {
        const path = follow(error)
        for (const place of placesIn(run)) run.fail(relocate(error, serviceName, [...place, ...(path ?? [])]), path === null || !reply.data ? below(place) : [[...place, ...path]])
      }
      if (!reply.data) return
      run.took(reply)
      rewrite?.(reply.data)
      // The first may take what was fetched itself only once the others have their copies.
      for (const [index, object] of [...objects.entries()].toReversed()) merge(object, reply.data, index > 0)
    } catch (error) {
      const places = placesIn(run).flatMap((place) => below(place))
      run.fail(fetchFailure(error, serviceName, places), places)
    }
  }
}

/** Follows a subgraph's error path into the fetched data: renamed keys by their new name, and no further than a field that is nowhere in it. */
export function compilePathRewrite({ outputRewrites }: Pick<FetchNode, 'outputRewrites'>): (error: SubgraphError) => ResponsePath | null {
  const renames = new Map((outputRewrites ?? []).flatMap((rewrite) => {
    const rename = renameOf(rewrite)
    return rename === null ? [] : [[rename.from, rename.to] as const]
  }))
  return ({ path }) => {
    if (path === null || path.length === 0) return null
    const renamed = path.map((key) => (typeof key === 'string' ? (renames.get(key) ?? key) : key))
    const internal = renamed.findIndex((key) => typeof key === 'string' && key.startsWith(plannersAlias))
    return internal < 0 ? renamed : renamed.slice(0, internal)
  }
}
