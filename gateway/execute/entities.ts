import type { TypeSystem } from '../supergraph/types.ts'
import type { EntityBatchAlias, FetchNode } from '../plan/planner.ts'
import { fetchFailure, readSubgraphErrors, relocate, type SubgraphError } from './errors.ts'
import { compileBody, compilePathRewrite, type Outgoing } from './fetch.ts'
import { isObject, type JsonObject } from '../../runtime/json.ts'
import type { Merge } from './merge.ts'
import { commonPath, type ResponsePath, toResponsePath } from './path.ts'
import { compileRepresentation, decidingFields, type WriteRepresentation } from './representations.ts'
import { compileRewrites, type Rewrite } from './rewrites.ts'
import type { Run, Step } from './run.ts'
import type { SubgraphReply } from '../subgraphs/types.ts'
import { compileWalk, type Walk } from './walk.ts'

/** One `_entities` field of a request: where its entities stand and how they are asked for. */
interface Batch {
  readonly alias: string
  readonly variablePrefix: string
  readonly walks: readonly Walk[]
  readonly write: WriteRepresentation
  readonly deciding: readonly string[] | null
  readonly rewrite: Rewrite | null
  readonly follow: (error: SubgraphError) => ResponsePath | null
}

/** The entities of one batch in one run: for each distinct representation, every object it fills. */
interface Asked {
  readonly texts: string[]
  readonly targets: JsonObject[][]
}

/** What a plan's fetch says about one of its `_entities` fields. */
export type BatchSource = Pick<EntityBatchAlias, 'alias' | 'representationsVariableName' | 'paths' | 'requires' | 'inputRewrites' | 'outputRewrites'>

/**
 * Compiles a fetch of entities: representations are collected from the data and sent once each; what comes back is
 * merged into every object it belongs to.
 * @throws TypeError when the plan holds something unknown
 */
export function compileEntityFetch(node: Outgoing & Pick<FetchNode, 'serviceName'>, sources: readonly BatchSource[], types: TypeSystem, merge: Merge): Step {
  const { serviceName } = node
  const body = compileBody(node)
  const batches = sources.map((source) => compileBatch(source, serviceName, types))
  return (run) => {
    const asked = batches.map((batch) => collect(batch, run))
    if (asked.every(({ texts }) => texts.length === 0)) return
    const variables = batches.map(({ variablePrefix }, index) => `${variablePrefix}[${asked[index]?.texts.join(',') ?? ''}]`).join('')
    return run.send(serviceName, body(run.variables, variables), 'query').then(
      (reply) => absorb(run, reply, batches, asked, serviceName, merge),
      (error: unknown) => {
        const places = batches.flatMap((batch, index) => locate(batch, run, asked[index]?.targets ?? []).flat())
        run.fail(fetchFailure(error, serviceName, places), places)
      },
    )
  }
}

function compileBatch(source: BatchSource, service: string, types: TypeSystem): Batch {
  return {
    alias: source.alias,
    variablePrefix: `,${JSON.stringify(source.representationsVariableName)}:`,
    walks: source.paths.map((path) => compileWalk(path, types)),
    write: compileRepresentation(source.requires, source.inputRewrites, service, types),
    deciding: decidingFields(source.requires),
    rewrite: compileRewrites(source.outputRewrites, types),
    follow: compilePathRewrite(source.outputRewrites === undefined ? {} : { outputRewrites: source.outputRewrites }),
  }
}

function collect({ walks, write, deciding }: Batch, run: Run): Asked {
  const asked: Asked = { texts: [], targets: [] }
  const { targets } = asked
  // Most objects are told to be equal by their fields: the texts need not be written, joined and hashed for that, until fields don't tell.
  let byText = deciding === null ? new Map<string, number>() : null
  const byField = new Map<unknown, number>()
  const [first = ''] = deciding ?? []
  const { impaired, plain } = run
  const found = (entity: JsonObject): void => {
    if (deciding !== null) {
      const same = targets[byField.get(entity[first]) ?? -1]
      if (same !== undefined) {
        if (equal(same[0], entity, deciding)) {
          same.push(entity)
          return
        }
        byText ??= new Map(asked.texts.map((text, index) => [text, index]))
      }
    }
    const text = write(entity, impaired, plain)
    if (text === null) return
    const known = byText?.get(text)
    const index = known ?? targets.length
    if (deciding !== null) byField.set(entity[first], index)
    if (known === undefined) {
      byText?.set(text, index)
      asked.texts.push(text)
      targets.push([entity])
    } else {
      targets[known]?.push(entity)
    }
  }
  for (const walk of walks) walk(run.data, false, found)
  return asked
}

function equal(one: JsonObject | undefined, other: JsonObject, fields: readonly string[]): boolean {
  if (one === undefined || one.__typename !== other.__typename) return false
  for (const field of fields) if (one[field] !== other[field]) return false
  return true
}

function absorb(run: Run, reply: SubgraphReply, batches: readonly Batch[], asked: readonly Asked[], serviceName: string, merge: Merge): void {
  absorbErrors(run, reply, batches, asked, serviceName)
  if (!reply.data) return
  run.took(reply)
  for (let index = 0; index < batches.length; index++) {
    const batch = batches[index]
    const targets = asked[index]?.targets
    if (batch === undefined || targets === undefined) continue
    const entities = reply.data[batch.alias]
    if (!Array.isArray(entities)) continue
    // The planner writes these paths from the response of the fetch on some plans and from the entity on others.
    batch.rewrite?.(reply.data)
    batch.rewrite?.(entities)
    mergeEntities(entities, targets, merge)
  }
}

function mergeEntities(entities: readonly unknown[], targets: readonly JsonObject[][], merge: Merge): void {
  for (let position = 0; position < targets.length; position++) {
    const entity = entities[position]
    const group = targets[position]
    if (!isObject(entity) || group === undefined) continue
    // The first target may take the objects themselves only once the others have their copies.
    for (let index = group.length - 1; index >= 0; index--) {
      const target = group[index]
      if (target !== undefined) merge(target, entity, index > 0)
    }
  }
}

function absorbErrors(run: Run, reply: SubgraphReply, batches: readonly Batch[], asked: readonly Asked[], serviceName: string): void {
  const errors = readSubgraphErrors(reply.errors)
  if (errors.length === 0) return
  const places = batches.map((batch, index) => locate(batch, run, asked[index]?.targets ?? []))
  for (const error of errors) {
    const [alias, position, ...tail] = error.path ?? []
    const index = batches.findIndex((batch) => batch.alias === alias)
    const entityPlaces = typeof position === 'number' ? places[index]?.[position] : undefined
    if (entityPlaces === undefined || entityPlaces.length === 0) {
      const affected = places[index]?.flat() ?? places.flat(2)
      run.fail(relocate(error, serviceName, commonPath(affected)), affected)
      continue
    }
    const inner = tail.length === 0 ? [] : (batches[index]?.follow({ ...error, path: tail }) ?? tail)
    // An error that made the whole entity null accounts for its other fields, too.
    const entities = reply.data?.[alias ?? '']
    const isNull = Array.isArray(entities) && typeof position === 'number' && entities[position] === null
    for (const place of entityPlaces) {
      const path = [...place, ...inner]
      run.fail(relocate(error, serviceName, path), isNull ? [place] : [path])
    }
  }
}

/** For each representation, where the objects that it fills stand in the response. */
function locate({ walks }: Batch, run: Run, targets: readonly JsonObject[][]): ResponsePath[][] {
  const paths = new Map<JsonObject, ResponsePath>()
  for (const walk of walks) walk(run.data, true, (entity, path) => paths.set(entity, toResponsePath(path)))
  return targets.map((group) => group.map((entity) => paths.get(entity)).filter((path) => path !== undefined))
}
