import type { FetchNodePathSegment, FetchRewrite } from '../plan/planner.ts'
import type { TypeSystem } from '../supergraph/types.ts'
import { isObject } from '../../runtime/json.ts'
import { createMerge } from './merge.ts'

/** Changes parsed JSON in place, as a plan's rewrites say. */
export type Rewrite = (data: unknown) => void

interface Change {
  readonly path: readonly FetchNodePathSegment[]
  readonly apply: (object: Record<string, unknown>, key: string) => void
}

/** @throws TypeError on a rewrite of an unknown kind */
export function compileRewrites(rewrites: readonly FetchRewrite[] | undefined, types: TypeSystem): Rewrite | null {
  if (!rewrites || rewrites.length === 0) return null
  const changes = rewrites.map((rewrite) => compileChange(rewrite, types))
  return (data) => {
    for (const { path, apply } of changes) rewriteAt(data, path, 0, apply, types)
  }
}

/** The rename that a rewrite stands for, to follow it in the path of an error; null for other rewrites. */
export function renameOf(rewrite: FetchRewrite): { readonly from: string; readonly to: string } | null {
  if (!('KeyRenamer' in rewrite)) return null
  const last = rewrite.KeyRenamer.path.at(-1)
  return last !== undefined && 'Key' in last ? { from: last.Key, to: rewrite.KeyRenamer.renameKeyTo } : null
}

function compileChange(rewrite: FetchRewrite, types: TypeSystem): Change {
  if ('KeyRenamer' in rewrite) {
    const { path, renameKeyTo } = rewrite.KeyRenamer
    const merge = createMerge(types)
    return {
      path,
      apply(object, key) {
        if (!(key in object) || key === renameKeyTo) return
        const value = object[key]
        // Other parts of the same objects may stand there by that name already.
        if (typeof value === 'object' && value !== null) merge(object, { [renameKeyTo]: value }, false)
        else object[renameKeyTo] = value
        delete object[key]
      },
    }
  }
  const setter = 'ValueSetter' in rewrite ? rewrite.ValueSetter : rewrite
  if (!Array.isArray(setter.path) || typeof setter.setValueTo !== 'string') throw new TypeError(`unknown rewrite ${JSON.stringify(rewrite)}`)
  return {
    path: setter.path,
    apply(object, key) {
      if (key in object) object[key] = setter.setValueTo
    },
  }
}

function rewriteAt(value: unknown, path: readonly FetchNodePathSegment[], index: number, apply: Change['apply'], types: TypeSystem): void {
  if (Array.isArray(value)) {
    for (const item of value) rewriteAt(item, path, index, apply, types)
    return
  }
  const segment = path[index]
  if (segment === undefined || !isObject(value)) return
  if ('TypenameEquals' in segment) {
    const name = value.__typename
    const fits = typeof name !== 'string' || segment.TypenameEquals.some((condition) => types.satisfies(name, condition))
    if (fits) rewriteAt(value, path, index + 1, apply, types)
  } else if (index === path.length - 1) {
    apply(value, segment.Key)
  } else {
    rewriteAt(value[segment.Key], path, index + 1, apply, types)
  }
}
