import type { TypeSystem } from '../supergraph/types.ts'
import { cloneJson, isObject, type JsonObject } from '../../runtime/json.ts'

/** Merges what a subgraph returned into the data, in place. */
export type Merge = (target: JsonObject, source: JsonObject, copy: boolean) => void

/**
 * Objects merge by key and lists of equal length by position; a null never replaces a value. An interface's own name (what
 * an interface object calls itself) never replaces the name of a real type.
 *
 * With `copy`, nothing of the source is shared with the target: an entity that stands at several places must become
 * several objects, because later fetches may fill each with other fields.
 */
export function createMerge(types: TypeSystem): Merge {
  const merge: Merge = (target, source, copy) => {
    for (const key of Object.keys(source)) {
      const value = source[key]
      const present = target[key]
      if (present === undefined || present === null) {
        target[key] = copy ? cloneJson(value) : value
      } else if (value !== null && value !== undefined) {
        target[key] = combine(present, value, key, copy)
      }
    }
  }
  const combine = (present: unknown, value: unknown, key: string, copy: boolean): unknown => {
    if (Array.isArray(present) && Array.isArray(value) && present.length === value.length) {
      for (let index = 0; index < value.length; index++) {
        const item: unknown = value[index]
        if (item === null) continue
        present[index] = present[index] === null ? (copy ? cloneJson(item) : item) : combine(present[index], item, '', copy)
      }
      return present
    }
    if (isObject(present) && isObject(value)) {
      merge(present, value, copy)
      return present
    }
    if (key === '__typename' && typeof value === 'string' && types.isAbstract(value)) return present
    return copy ? cloneJson(value) : value
  }
  return merge
}
