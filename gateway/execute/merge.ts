import type { TypeSystem } from '../supergraph/types.ts'
import { plannersAlias } from './plan-keys.ts'
import { cloneJson, isObject, type JsonObject } from '../../runtime/json.ts'

/** Merges what a subgraph returned into the data, in place. */
export type Merge = (target: JsonObject, source: JsonObject, copy: boolean) => void

/**
 * Objects merge by key and lists of equal length by position; a null never replaces a value. An interface's own name (what
 * an interface object calls itself) never replaces the name of a real type. Objects of two real types never become one: where a list of one
 * subgraph has something else than another's, the first stays.
 *
 * With `copy`, nothing of the source is shared with the target: an entity that stands at several places must become
 * several objects, because later fetches may fill each with other fields.
 */
export function createMerge(types: TypeSystem): Merge {
  const merge: Merge = (target, source, copy) => {
    for (const key of Object.keys(source)) {
      const value = source[key]
      const present = target[key]
      // Of what plans read for themselves, by one name for one thing after the other, the next reads what came last.
      if (present === undefined || present === null || (value === null && (types.readWithArguments.has(key) || key.startsWith(plannersAlias)))) {
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
      if (present.__typename === value.__typename || !differ(present.__typename, value.__typename)) merge(present, value, copy)
      return present
    }
    if (key === '__typename' && typeof value === 'string' && types.isAbstract(value)) return present
    return copy ? cloneJson(value) : value
  }
  const differ = (one: unknown, other: unknown): boolean => typeof one === 'string' && typeof other === 'string' && !types.isAbstract(one) && !types.isAbstract(other)
  return merge
}
