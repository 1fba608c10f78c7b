import { buildASTSchema, findBreakingChanges, findDangerousChanges, parse, validate, type GraphQLSchema } from 'graphql'
import type { Manifest } from '../manifest.ts'

/** One way in which the graph is no longer what clients of the last release were built against. */
export interface Change {
  /** What kind of change, as graphql-js names it, or OPERATION_REMOVED, OPERATION_INVALID. */
  readonly kind: string
  /** What changed, in words that stay the same from run to run: a breaking change is recorded under them. */
  readonly text: string
}

/** What clients see of the graph: its public schema, and the operations that were persisted for them. */
export interface Contract {
  readonly schema: GraphQLSchema
  readonly manifest: Manifest
}

/** A contract from its two texts: the public SDL, and the manifest. */
export function contractOf(sdl: string, manifest: string): Contract {
  return { schema: buildASTSchema(parse(sdl), { assumeValidSDL: true }), manifest: JSON.parse(manifest) as Manifest }
}

/** Changes that break a client that was built against `before`. */
export function breakingChanges(before: Contract, now: Contract): Change[] {
  const changes = findBreakingChanges(before.schema, now.schema).map(({ type, description }) => ({ kind: type, text: description }))
  return [...changes, ...operationChanges(before.manifest, now)]
}

/** Changes that may surprise a client, such as a new value of an enum that it switches over. */
export function dangerousChanges(before: Contract, now: Contract): Change[] {
  return findDangerousChanges(before.schema, now.schema).map(({ type, description }) => ({ kind: type, text: description }))
}

/**
 * An app that is installed goes on asking for the ids it was built with, so an operation may go only when no such app is left; and it
 * must go on being valid while it is there.
 */
function operationChanges(before: Manifest, now: Contract): Change[] {
  const ids = new Set(now.manifest.operations.map(({ id }) => id))
  return before.operations.flatMap(({ id, name, body }) => {
    const problems = validate(now.schema, parse(body))
    if (problems.length > 0) return [{ kind: 'OPERATION_INVALID', text: `The released operation ${name} (${id.slice(0, 12)}) is no longer valid: ${problems[0]?.message}` }]
    return ids.has(id) ? [] : [{ kind: 'OPERATION_REMOVED', text: `The released operation ${name} (${id.slice(0, 12)}) is no longer in the manifest.` }]
  })
}
