import { AisleError } from '../../../runtime/errors.ts'
import { stamped } from '../../../subgraphs/log/read-changes.ts'
import type { BatchPart, ChangesPage, LogCursor } from '../../../subgraphs/log/source.ts'
import type { Batch, Change } from '../../../subgraphs/shared/changes.ts'
import type { EntityName } from '../../../subgraphs/storage/entities.ts'
import type { Captured, Row } from './rows.ts'

/** The rows of one scope, by entity and key. */
export type ScopeState = ReadonlyMap<EntityName, ReadonlyMap<string, Row>>

/** What the sequencer does to the log within its transaction; a simulation may plant another to see whether it is found. */
export type Append = (log: StoredLog, moved: readonly Captured[], at: number) => Batch

/** Most changes in one answer, whatever is asked for. */
const mostChanges = 10_000

/** The dense logs of all scopes, and what each of them comes to at each batch. */
export class StoredLog {
  epoch: string
  batch = 0
  batchAt = 0
  /** The log reaches back to changes after this batch. */
  oldest = 0
  positions: Record<string, number> = {}
  batches: Batch[] = []
  /** reduce(log) after each batch, by scope: what a replica at that batch has to hold. */
  states = new Map<number, ReadonlyMap<string, ScopeState>>([[0, new Map()]])
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
    copy.positions = { ...this.positions }
    copy.batches = [...this.batches]
    copy.states = new Map(this.states)
    copy.stamps = new Map(this.stamps)
    return copy
  }

  /** Adds a batch whose changes have their positions, and reduces it into the state. */
  add(batch: Batch, stamp: string): void {
    this.batches.push(batch)
    this.stamps.set(batch.number, stamp)
    const scopes = new Map(this.states.get(this.batch))
    // What a batch leaves alone is the very same table as before it.
    const own = new Map<string, Map<EntityName, Map<string, Row>>>()
    for (const { scope, entity, key, row } of batch.changes) {
      let tables = own.get(scope)
      if (tables === undefined) own.set(scope, (tables = new Map()))
      let table = tables.get(entity)
      if (table === undefined) tables.set(entity, (table = new Map(scopes.get(scope)?.get(entity))))
      if (row === null) table.delete(JSON.stringify(key))
      else table.set(JSON.stringify(key), row)
    }
    for (const [scope, tables] of own) scopes.set(scope, new Map([...(scopes.get(scope) ?? []), ...tables]))
    this.batch = batch.number
    this.batchAt = batch.at
    this.states.set(batch.number, scopes)
  }

  stampOf(batch: number): { stamp?: string } {
    const stamp = this.stamps.get(batch)
    return stamp === undefined ? {} : { stamp }
  }

  /** @throws AisleError EPOCH_MISMATCH, POSITION_AHEAD, POSITION_TOO_OLD, LOG_DIVERGED */
  read(scopes: readonly string[], after: LogCursor, limit: number, head: { readonly at: number; readonly now: number }): ChangesPage {
    if (after.epoch !== this.epoch) throw new AisleError('EPOCH_MISMATCH')
    if (after.batch > this.batch) throw new AisleError('POSITION_AHEAD')
    if (after.batch < this.oldest) throw new AisleError('POSITION_TOO_OLD')
    for (const [claimed, known] of [[after.stamp, this.stamps.get(after.batch)], [after.within?.stamp, this.stamps.get(after.within?.batch ?? -1)]]) {
      if (claimed !== undefined && known !== undefined && claimed !== known) throw new AisleError('LOG_DIVERGED')
    }
    const ordered = [...new Set(scopes)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const parts = this.batches.filter(({ number }) => number > after.batch).flatMap((batch) => {
      const changes = ordered.flatMap((scope) => batch.changes.filter((change) => change.scope === scope))
      return changes.length === 0 ? [] : [{ ...batch, changes }]
    })
    const stampedParts = behind(parts, after).map((part) => ({ ...part, ...this.stampOf(part.number) }))
    return assemble(stampedParts, after, { epoch: this.epoch, batch: this.batch, ...this.stampOf(this.batch), ...head }, Math.min(Math.max(1, limit), mostChanges))
  }
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

function behind(parts: readonly Batch[], { within }: LogCursor): Batch[] {
  const [first, ...rest] = parts
  if (within === undefined) return [...parts]
  const place = first?.changes.findIndex(({ scope, position }) => scope === within.scope && position === within.position) ?? -1
  if (first === undefined || place < 0) throw new AisleError('POSITION_TOO_OLD')
  return [{ ...first, changes: first.changes.slice(place + 1) }, ...rest]
}

function assemble(parts: readonly Omit<BatchPart, 'complete'>[], after: LogCursor, head: ChangesPage['head'], limit: number): ChangesPage {
  const fitting: BatchPart[] = []
  let room = limit
  for (const part of parts) {
    if (part.changes.length > room) {
      const last = fitting.at(-1)
      if (last !== undefined) return { parts: fitting, next: { epoch: head.epoch, batch: last.number, ...stamped(last.stamp) }, head }
      const changes = part.changes.slice(0, room)
      const end = changes.at(-1)
      const within = end === undefined ? {} : { within: { scope: end.scope, position: end.position, batch: part.number, ...stamped(part.stamp) } }
      return { parts: [{ ...part, changes, complete: false }], next: { epoch: head.epoch, batch: after.batch, ...stamped(after.stamp), ...within }, head }
    }
    room -= part.changes.length
    fitting.push({ ...part, complete: true })
  }
  return { parts: fitting, next: { epoch: head.epoch, batch: head.batch, ...stamped(head.stamp) }, head }
}
