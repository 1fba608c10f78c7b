import { DatabaseSync } from 'node:sqlite'
import { heirsClause } from '../../../subgraphs/log/compact.ts'
import type { Change } from '../../../subgraphs/shared/changes.ts'

/** A change in a log, with the batch that brought it. */
export interface LoggedChange extends Change {
  readonly batch: number
}

/** The product's own words for what is superseded and who inherits; a simulation may plant others to see whether they are found. */
export type HeirsClause = typeof heirsClause | (string & {})

/** One a thread, empty between uses. */
let scratch: DatabaseSync | null = null

/**
 * What compaction leaves of a scope's changes up to a batch: the SQL of the product finds who is superseded and who inherits, here over a
 * table of SQLite's; the dropping and inheriting is what `compactLog` does in the same statement.
 */
export function compactScope(changes: readonly LoggedChange[], upTo: number, heirs: HeirsClause = heirsClause): LoggedChange[] {
  scratch ??= openScratch()
  scratch.exec('delete from log')
  const insert = scratch.prepare('insert into log (scope, position, batch, entity, key, op, absorbed) values (?, ?, ?, ?, ?, ?, ?)')
  scratch.exec('begin')
  for (const { scope, position, batch, entity, key, op, absorbed = 0 } of changes) if (batch <= upTo) insert.run(scope, position, batch, entity, JSON.stringify(key), op, absorbed)
  scratch.exec('commit')
  const found = scratch.prepare(`with ${heirs} select position, absorbed, superseded, heir from heirs order by position`).all({ $1: changes[0]?.scope ?? '', $2: upTo })
  const gone = new Set<number>()
  const inherited = new Map<number, number>()
  for (const { position, absorbed, superseded, heir } of found) {
    if (Number(superseded) === 0) continue
    gone.add(Number(position))
    inherited.set(Number(heir), (inherited.get(Number(heir)) ?? 0) + 1 + Number(absorbed))
  }
  return changes.filter(({ position }) => !gone.has(position)).map((change) => {
    const more = inherited.get(change.position)
    return more === undefined ? change : { ...change, absorbed: (change.absorbed ?? 0) + more }
  })
}

function openScratch(): DatabaseSync {
  const connection = new DatabaseSync(':memory:')
  connection.exec('create table log (scope text, position integer, batch integer, entity text, key text, op text, absorbed integer)')
  return connection
}
