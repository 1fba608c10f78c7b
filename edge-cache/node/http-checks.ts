import { AisleError } from '../../runtime/errors.ts'
import { compareKeys, type EntityDigests, type KeyRange, type RangeRows, type RowKey } from '../../subgraphs/log/ranges.ts'
import type { BatchPart, ChangesPage, LogCursor, SnapshotHeader, SnapshotRows } from '../../subgraphs/log/source.ts'
import type { Change } from '../../subgraphs/shared/changes.ts'
import { chainScope, entities, storeScope, type EntityName, type ReplicatedEntity } from '../../subgraphs/storage/entities.ts'

/*
 * Holds answers of a proper shape to what was asked, as the protocol has it: whatever answers otherwise is not origin, or is not well, and nothing of
 * it is taken in. What only the rows before can tell, as that a position follows its predecessor, is for who has them.
 * Each raises AisleError PROTOCOL_VIOLATION.
 */

/** A page of the log that goes on from `after`, with rows of these scopes. */
export function checkPage(page: ChangesPage, scopes: readonly string[], after: LogCursor): ChangesPage {
  const { parts, next, head } = page
  expect(head.epoch === after.epoch && next.epoch === after.epoch, 'is of another epoch')
  expect(next.batch >= after.batch && next.batch <= head.batch, 'goes on elsewhere than between its beginning and the head')
  let before = after.batch
  for (const part of parts) {
    expect(part.number > before && part.number <= head.batch, 'has batches in another order than the log\'s')
    expect(part.changes.length > 0, 'has a batch without changes')
    before = part.number
    for (const change of part.changes) checkChange(change, scopes)
  }
  const last = parts.at(-1)
  if (last === undefined) expect(next.batch === head.batch, 'ends before the head and brings nothing')
  else if (last.complete) expect(next.batch >= last.number && next.within === undefined, 'does not go on behind what it brings')
  else expect(parts.length === 1 && endsInside(last, next), 'does not go on behind what it brings')
  expect(parts.every(({ complete }) => complete || parts.length === 1), 'has more than the part of a batch')
  return page
}

/** A state of the log: commits that it does not have yet come in the very next batch. */
export function checkHeader<Header extends SnapshotHeader>(header: Header): Header {
  const { head, consistentFrom } = header
  expect(consistentFrom === head.batch || consistentFrom === head.batch + 1, 'is consistent from a batch that is not the next')
  return header
}

/** Ranges that follow each other and hold every key. */
export function checkDigests(answer: EntityDigests): EntityDigests {
  checkHeader(answer.header)
  let before: RowKey | null = null
  for (const [nth, { after, through, rows }] of answer.ranges.entries()) {
    expect(nth === 0 ? after === null : after !== null && before !== null && compareKeys(after, before) === 0, 'has ranges that do not touch')
    expect(after === null || through === null || compareKeys(through, after) > 0, 'has ranges in another order than the keys\'')
    expect(rows >= 0, 'has a range of less than no rows')
    before = through
  }
  expect(answer.ranges.length > 0 && before === null, 'has ranges that end before the last key')
  return answer
}

/** The rows of a range, or the first `limit` of them. */
export function checkRangeRows(answer: RangeRows, scopes: readonly string[], { entity, range, limit }: { readonly entity: EntityName; readonly range: KeyRange; readonly limit: number }): RangeRows {
  const { header, rows, through } = answer
  checkHeader(header)
  expect(rows.length <= limit, 'has more rows than were asked for')
  let before = range.after
  for (const row of rows) {
    const key = checkRow(entity, row, scopes)
    expect(before === null || compareKeys(key, before) > 0, 'has rows in another order than their keys\', or of another range')
    before = key
  }
  expect(rows.length === 0 || before === null || range.through === null || compareKeys(before, range.through) <= 0, 'has rows of another range')
  // What ends early ends with its last row, so that whoever goes on from there gets on.
  if (!isSameKey(through, range.through)) expect(rows.length > 0 && isSameKey(through, before), 'ends elsewhere than with its last row')
  return answer
}

/** Rows of a whole copy. */
export function checkRows(chunk: SnapshotRows, scopes: readonly string[]): SnapshotRows {
  if (Object.hasOwn(entities, chunk.entity)) for (const row of chunk.rows) checkRow(chunk.entity, row, scopes)
  return chunk
}

function checkChange({ scope, entity, key, op, row }: Change, scopes: readonly string[]): void {
  expect(scopes.includes(scope), 'has a change of another store')
  // What only a newer origin knows is passed over.
  if (!Object.hasOwn(entities, entity)) return
  if (op === 'put' && row !== null) expect(isSameKey(checkRow(entity, row, [scope]), key), 'has a row with another key than its change')
  else expect(key.length === entities[entity].key.length, 'has a key that is none')
}

/** @returns the row's key */
function checkRow(entity: EntityName, row: Readonly<Record<string, unknown>>, scopes: readonly string[]): RowKey {
  const { scope, key }: ReplicatedEntity = entities[entity]
  expect(scopes.includes(scope === 'chain' || row.store_id === '' ? chainScope : storeScope(String(row.store_id))), 'has a row of another store')
  return key.map((column) => {
    const value = row[column]
    if (typeof value === 'string' || typeof value === 'number') return value
    throw violation('has a row without its key')
  })
}

function endsInside({ number, changes }: BatchPart, { batch, within }: LogCursor): boolean {
  const last = changes.at(-1)
  return batch < number && within !== undefined && last !== undefined && within.scope === last.scope && within.position === last.position && (within.batch ?? number) === number
}

function isSameKey(one: RowKey | null, other: RowKey | null): boolean {
  if (one === null || other === null) return one === other
  return one.length === other.length && one.every((value, nth) => value === other[nth])
}

function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw violation(otherwise)
}

function violation(what: string): AisleError {
  return new AisleError('PROTOCOL_VIOLATION', `Origin's answer ${what}.`)
}
