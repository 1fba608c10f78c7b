import { AisleError } from '../../runtime/errors.ts'

/** A page as Relay describes it. */
export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[]
  readonly nodes: readonly Node[]
  readonly pageInfo: PageInfo
}

export interface Edge<Node> {
  readonly cursor: string
  readonly node: Node
}

export interface PageInfo {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: string | null
  readonly endCursor: string | null
}

/** A page of `first` nodes out of rows of which one more was asked for, to know whether there is a next page. */
export function connectionOf<Node>(rows: readonly Node[], first: number, after: string | null | undefined, cursorOf: (node: Node) => CursorKey): Connection<Node> {
  const nodes = rows.slice(0, first)
  const edges = nodes.map((node) => ({ cursor: encodeCursor(cursorOf(node)), node }))
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: after !== null && after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

/** What a cursor stands for: the sort key of its node, ending in an id. */
export type CursorKey = readonly (string | number | null)[]

/** Opaque to clients. */
export function encodeCursor(key: CursorKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/**
 * The sort key in a cursor, or null without one.
 * @throws AisleError BAD_USER_INPUT for a text that is no cursor of `length` parts.
 */
export function decodeCursor(cursor: string | null | undefined, length: number): CursorKey | null {
  if (cursor === null || cursor === undefined) return null
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(key) && key.length === length && key.every(isPart)) return key
  } catch {
    // Reported below like any other text that is no cursor.
  }
  throw new AisleError('BAD_USER_INPUT', 'The argument `after` is not a cursor of this list: pass one that it returned.')
}

function isPart(part: unknown): part is string | number | null {
  return part === null || typeof part === 'string' || typeof part === 'number'
}

/**
 * Checks the size of a page.
 * @throws AisleError BAD_USER_INPUT unless 0 ≤ first ≤ most.
 */
export function pageSize(first: number, most: number): number {
  if (first < 0 || first > most) throw new AisleError('BAD_USER_INPUT', `The argument \`first\` must lie between 0 and ${most}, not ${first}.`)
  return first
}
