import type { FlattenNodePathSegment } from '../plan/planner.ts'
import type { TypeSystem } from '../supergraph/types.ts'
import { isObject, type JsonObject } from '../../runtime/json.ts'
import type { PathNode } from './path.ts'

type Found = (object: JsonObject, path: PathNode | null) => void
type Visit = (value: unknown, path: PathNode | null, track: boolean, found: Found) => void

/** Finds the objects at one place of a plan; with `track` also where each stands in the response. */
export type Walk = (root: JsonObject, track: boolean, found: Found) => void

/** Compiles the path of a Flatten node. Lists met on the way are entered whether the path says so or not. */
export function compileWalk(path: readonly FlattenNodePathSegment[], types: TypeSystem): Walk {
  let visit: Visit = enterLists((object, at, _track, found) => found(object, at))
  for (const segment of path.toReversed()) visit = compileSegment(segment, visit, types)
  return (root, track, found) => visit(root, null, track, found)
}

function compileSegment(segment: FlattenNodePathSegment, next: Visit, types: TypeSystem): Visit {
  if (segment === '@') return next
  if ('Field' in segment) {
    const key = segment.Field
    return enterLists((object, path, track, found) => {
      const value = object[key]
      if (typeof value === 'object' && value !== null) next(value, track ? { parent: path, key } : null, track, found)
    })
  }
  if ('TypeCondition' in segment) {
    const conditions = segment.TypeCondition
    return enterLists((object, path, track, found) => {
      const name = object.__typename
      if (typeof name !== 'string' || conditions.some((condition) => types.satisfies(name, condition))) next(object, path, track, found)
    })
  }
  throw new TypeError(`unknown path segment ${JSON.stringify(segment)}`)
}

function enterLists(atObject: (object: JsonObject, path: PathNode | null, track: boolean, found: Found) => void): Visit {
  const visit: Visit = (value, path, track, found) => {
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        const item: unknown = value[index]
        const at = track ? { parent: path, key: index } : null
        if (Array.isArray(item)) visit(item, at, track, found)
        else if (isObject(item)) atObject(item, at, track, found)
      }
    } else if (isObject(value)) {
      atObject(value, path, track, found)
    }
  }
  return visit
}
