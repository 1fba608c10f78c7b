/** Where a value stands: keys and list indexes from the root, in a response or in the fetched data, whose keys may be others (`planKey`). */
export type ResponsePath = readonly (string | number)[]

/** A path while it is being walked: linked from the leaf to the root, so that a step costs one small object. */
export interface PathNode {
  readonly parent: PathNode | null
  readonly key: string | number
  /** What the client calls it, where that is something else. */
  readonly shown?: string
}

export function toPath(node: PathNode | null): ResponsePath {
  const path: (string | number)[] = []
  for (let at = node; at !== null; at = at.parent) path.push(at.key)
  return path.toReversed()
}

/** The same with the client's names throughout. */
export function toShownPath(node: PathNode | null): ResponsePath {
  const path: (string | number)[] = []
  for (let at = node; at !== null; at = at.parent) path.push(at.shown ?? at.key)
  return path.toReversed()
}

/** True when one of the two paths leads through the other. */
export function overlaps(one: ResponsePath, other: ResponsePath): boolean {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index++) if (one[index] !== other[index]) return false
  return true
}

/** The longest start that all paths share. */
export function commonPath(paths: readonly ResponsePath[]): ResponsePath {
  const [first, ...rest] = paths
  if (first === undefined) return []
  let length = first.length
  for (const path of rest) {
    length = Math.min(length, path.length)
    for (let index = 0; index < length; index++) if (path[index] !== first[index]) length = index
  }
  return first.slice(0, length)
}
