import { AisleError } from '../../../runtime/errors.ts'
import { assemblePage, checkCursor, mostChanges, orderScopes, stamped, type PageRow } from '../../../subgraphs/log/read-changes.ts'
import type { ChangesPage, LogCursor } from '../../../subgraphs/log/source.ts'
import type { Batch, Change } from '../../../subgraphs/shared/changes.ts'
import type { EntityName } from '../../../subgraphs/storage/entities.ts'
import { compactScope, type HeirsClause, type LoggedChange } from './compact.ts'
import type { Captured, Row } from './rows.ts'

/** The rows of one scope, by entity and key. */
export type ScopeState = ReadonlyMap<EntityName, ReadonlyMap<string, Row>>

/** What the sequencer does to the log within its transaction; a simulation may plant another to see whether it is found. */
export type Append = (log: StoredLog, moved: readonly Captured[], at: number) => Batch

/** The dense logs of all scopes, and what each of them comes to at each batch. */
export class StoredLog {
  epoch: string
  batch = 0
  batchAt = 0
  /** The log reaches back to changes after this batch. */
  oldest = 0
  /** The newest batch that was compacted. */
  compacted = 0
  positions: Record<string, number> = {}
  /** What the log still holds of each scope, in order of position. */
  changes = new Map<string, readonly LoggedChange[]>()
  /** reduce(log) after each batch, by scope: what a replica at that batch has to hold. Nothing that is done to the log changes it. */
  states = new Map<number, ReadonlyMap<string, ScopeState>>([[0, new Map()]])
  /** When each batch was moved, those included that the log no longer holds. */
  movedAt = new Map<number, number>()
  /** What marks each batch: a number taken back and given again has another. */
  stamps = new Map<number, string>()

  constructor(epoch: string) {
    this.epoch = epoch
  }

  copy(): StoredLog {
    const copy = new StoredLog(this.epoch)
    copy.batch = this.batch
    copy.batchAt = this.batchAt
    copy.oldest = this.oldest
    copy.compacted = this.compacted
    copy.positions = { ...this.positions }
    copy.changes = new Map(this.changes)
    copy.states = new Map(this.states)
    copy.movedAt = new Map(this.movedAt)
    copy.stamps = new Map(this.stamps)
    return copy
  }

  /** Adds a batch whose changes have their positions, and reduces it into the state. */
  add({ number, at, changes }: Batch, stamp: string): void {
    for (const [scope, some] of Map.groupBy(changes, (change) => change.scope)) {
      this.changes.set(scope, [...(this.changes.get(scope) ?? []), ...some.map((change) => ({ ...change, batch: number }))])
    }
    this.stamps.set(number, stamp)
    this.movedAt.set(number, at)
    const scopes = new Map(this.states.get(this.batch))
    // What a batch leaves alone is the very same table as before it.
    const own = new Map<string, Map<EntityName, Map<string, Row>>>()
    for (const { scope, entity, key, row } of changes) {
      let tables = own.get(scope)
      if (tables === undefined) own.set(scope, (tables = new Map()))
      let table = tables.get(entity)
      if (table === undefined) tables.set(entity, (table = new Map(scopes.get(scope)?.get(entity))))
      if (row === null) table.delete(JSON.stringify(key))
      else table.set(JSON.stringify(key), row)
    }
    for (const [scope, tables] of own) scopes.set(scope, new Map([...(scopes.get(scope) ?? []), ...tables]))
    this.batch = number
    this.batchAt = at
    this.states.set(number, scopes)
  }

  /** What `compactLog` does. @returns how many changes were dropped. */
  compact(upTo: number, heirs?: HeirsClause): number {
    if (upTo <= this.compacted || upTo <= this.oldest || upTo > this.batch) return 0
    this.compacted = upTo
    let dropped = 0
    for (const [scope, changes] of this.changes) {
      const left = compactScope(changes, upTo, heirs)
      dropped += changes.length - left.length
      this.changes.set(scope, left)
    }
    return dropped
  }

  /** What `pruneLog` does: the batches up to this one are dropped, the newest never. */
  prune(upTo: number): void {
    this.oldest = Math.max(this.oldest, Math.min(upTo, this.batch - 1))
    for (const [scope, changes] of this.changes) this.changes.set(scope, changes.filter(({ batch }) => batch > this.oldest))
  }

  /** The newest batch moved before an instant, or 0. */
  batchBefore(instant: number): number {
    let newest = 0
    for (let batch = 1; batch <= this.batch; batch += 1) if ((this.movedAt.get(batch) ?? Infinity) < instant) newest = batch
    return newest
  }

  stampOf(batch: number): { stamp?: string } {
    return stamped(this.stamps.get(batch))
  }

  /** @throws AisleError EPOCH_MISMATCH, POSITION_AHEAD, POSITION_TOO_OLD, LOG_DIVERGED */
  read(scopes: readonly string[], after: LogCursor, limit: number, head: { readonly at: number; readonly now: number }): ChangesPage {
    const ordered = orderScopes(scopes)
    const begin = this.#beginnings(ordered, after)
    const { epoch, batch, oldest, compacted } = this
    const marked = [after.batch, after.within?.batch ?? 0].filter((number) => number > oldest && number <= batch)
    checkCursor(after, { epoch, head: batch, oldest, stamps: Object.fromEntries(marked.map((number) => [number, this.stamps.get(number) ?? null])) })
    const most = Math.min(Math.max(1, limit), mostChanges)
    const rows = ordered.flatMap((scope, nth) => {
      const changes = this.changes.get(scope) ?? []
      const from = changes.findLastIndex((change) => !isBehind(change, begin[nth])) + 1
      return changes.slice(from, from + most + 1)
    })
    // What is compacted makes a cut only together. Scopes and positions stay in their order.
    const shown = rows.map((change): PageRow => {
      const number = Math.max(change.batch, compacted)
      return { ...change, absorbed: change.absorbed ?? 0, shown: number, batch_at: this.movedAt.get(number) ?? 0, stamp: this.stamps.get(number) ?? null }
    }).toSorted((a, b) => a.shown - b.shown)
    return assemblePage(shown.slice(0, most + 1), after, { epoch, batch, ...this.stampOf(batch), ...head }, compacted, most)
  }

  /** As `readChanges` has it: where each scope goes on. */
  #beginnings(ordered: readonly string[], { batch, within }: LogCursor): Place[] {
    if (within === undefined) return ordered.map(() => ({ batch, position: Infinity }))
    const inside = this.changes.get(within.scope)?.findLast(({ position }) => position <= within.position)
    const at = ordered.indexOf(within.scope)
    const left = within.batch === undefined && (inside?.position !== within.position || inside.batch <= batch)
    if (inside === undefined || left || at < 0) throw new AisleError('POSITION_TOO_OLD')
    const read = within.batch ?? inside.batch
    return ordered.map((_scope, nth) => {
      if (nth === at) return { batch: inside.batch, position: within.position }
      return { batch: nth < at ? read : batch, position: Infinity }
    })
  }
}

/** A place in one scope: behind this position of this batch. */
interface Place {
  readonly batch: number
  readonly position: number
}

function isBehind({ batch, position }: LoggedChange, after: Place | undefined): boolean {
  return after === undefined || batch > after.batch || (batch === after.batch && position > after.position)
}

/** Dense positions a scope, in the order in which the rows were written: what `moveOutbox` does in one statement. */
export function appendDensely(log: StoredLog, moved: readonly Captured[], at: number): Batch {
  const changes = moved.toSorted((a, b) => a.seq - b.seq).map(({ seq: _seq, ...change }): Change => {
    const position = (log.positions[change.scope] ?? 0) + 1
    log.positions[change.scope] = position
    return { ...change, position }
  })
  return { number: log.batch + 1, at: Math.max(log.batchAt, at), changes }
}
