import { isObject, type JsonObject } from '../../../runtime/json.ts'
import type { GatewayAnswer, GatewayError } from './client.ts'

/** Place in an answer. */
export type AnswerPath = readonly (string | number)[]

/** A field that the node could not answer, and the error it says so with. */
export interface Hole {
  readonly path: AnswerPath
  readonly error: object
}

/** An error that stands where a value should. */
export class Unfilled extends Error {
  /** As clients see it. */
  readonly formatted: object

  constructor(formatted: object) {
    super('This place was not filled.')
    this.formatted = formatted
  }
}

export interface Grafted {
  /** The node's own data, the gateway's at the holes, an `Unfilled` where that had none either. */
  readonly data: JsonObject
  /** Faults that the gateway reported inside what it filled. */
  readonly errors: readonly GatewayError[]
  /** What was filled, with `*` for the places of a list: 'products.*.price'. */
  readonly filled: readonly string[]
}

/**
 * Fills the holes of the node's answer from the gateway's answer to the same operation. A hole inside a list is filled only where the ids on the
 * way to it are the same in both: the two may stand at different positions. Where they are not, the whole root field is the gateway's.
 * @param own changed in place
 */
export function graft(own: JsonObject, holes: readonly Hole[], gateway: GatewayAnswer): Grafted {
  const errors = new Set<GatewayError>()
  const filled = new Set<string>()
  const whole = new Set<string | number>()
  for (const { path } of holes) if (path[0] !== undefined && !isSamePlace(own, gateway.data, path)) whole.add(path[0])

  const fill = (path: AnswerPath, error: object): void => {
    const found = lookUp(gateway, path)
    if (found.error !== null) set(own, path, new Unfilled({ message: found.error.message, path, extensions: found.error.extensions }))
    else if (found.value === undefined) set(own, path, new Unfilled(error))
    else {
      set(own, path, found.value)
      filled.add(path.map((key) => (typeof key === 'number' ? '*' : key)).join('.'))
      for (const each of gateway.errors) if (beginsWith(each.path, path)) errors.add(each)
    }
  }

  for (const key of whole) {
    const first = holes.find(({ path }) => path[0] === key)
    if (first !== undefined) fill([key], first.error)
  }
  for (const { path, error } of holes) if (path[0] !== undefined && !whole.has(path[0])) fill(path, error)
  return { data: own, errors: [...errors], filled: [...filled] }
}

/** The gateway's value at a path; undefined where it has no such place, with the error that explains a null on the way. */
function lookUp({ data, errors }: GatewayAnswer, path: AnswerPath): { readonly value: unknown; readonly error: GatewayError | null } {
  let value: unknown = data
  for (const [at, key] of path.entries()) {
    value = child(value, key)
    if (value !== null) continue
    const here = path.slice(0, at + 1)
    const inside = errors.filter((error) => beginsWith(error.path, here))
    const error = inside.find((each) => beginsWith(path, each.path)) ?? inside[0] ?? null
    return { value: here.length === path.length ? null : undefined, error }
  }
  return { value, error: null }
}

/** Whether what lies on the way to `path` is the same things in both answers, by their ids. */
function isSamePlace(own: unknown, other: unknown, path: AnswerPath): boolean {
  let [mine, theirs] = [own, other]
  // Inside a list, until an id has told that the items are the same.
  let unsure = false
  for (const key of path) {
    if (typeof key === 'number') unsure = true
    else if (isObject(mine) && isObject(theirs) && 'id' in mine && 'id' in theirs && key !== 'id') {
      if (mine.id !== theirs.id) return false
      unsure = false
    }
    mine = child(mine, key)
    theirs = child(theirs, key)
    // The gateway has nothing there: nothing can be mistaken.
    if (theirs === null || theirs === undefined) return true
  }
  return !unsure
}

function child(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined
}

/** Puts a value at a path, where there is such a place. */
export function set(root: JsonObject, path: AnswerPath, value: unknown): void {
  const parent = path.slice(0, -1).reduce<unknown>(child, root)
  const key = path.at(-1)
  if (typeof parent === 'object' && parent !== null && key !== undefined) (parent as Record<string | number, unknown>)[key] = value
}

function beginsWith(path: AnswerPath, start: AnswerPath): boolean {
  return start.length <= path.length && start.every((key, at) => path[at] === key)
}
