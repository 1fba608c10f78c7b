import { AisleError } from '../../runtime/errors.ts'
import type { EntityDigests, RangeRows, RowKey } from '../../subgraphs/log/ranges.ts'
import type { BatchPart, ChangesPage, LogCursor, LogHead, SnapshotHeader, SnapshotRows } from '../../subgraphs/log/source.ts'
import type { Change } from '../../subgraphs/shared/changes.ts'

/**
 * Checks of what origin sends, written by hand because they run over every change and every row: they hold what the replica relies
 * on. Entities and columns are not checked, for a newer origin may have more.
 * Each raises AisleError PROTOCOL_VIOLATION.
 */
export function asPage(value: unknown): ChangesPage {
  const page = object(value, 'page')
  return {
    parts: array(page.parts, 'parts').map(asPart),
    next: asCursor(page.next),
    head: asHead(page.head),
  }
}

export function asHeader(value: unknown): SnapshotHeader {
  const header = object(value, 'header')
  const positions = object(header.positions, 'positions')
  for (const position of Object.values(positions)) whole(position, 'positions')
  return {
    head: asHead(header.head),
    consistentFrom: whole(header.consistentFrom, 'consistentFrom'),
    positions: positions as Record<string, number>,
    rows: whole(header.rows, 'rows'),
  }
}

export function asDigests(value: unknown): EntityDigests {
  const answer = object(value, 'digests')
  for (const range of array(answer.ranges, 'ranges')) {
    const { after, through, rows, digest } = object(range, 'range')
    asKey(after)
    asKey(through)
    whole(rows, 'rows')
    text(digest, 'digest')
  }
  return { header: asHeader(answer.header), ranges: answer.ranges as EntityDigests['ranges'] }
}

export function asRangeRows(value: unknown): RangeRows {
  const answer = object(value, 'rows')
  for (const row of array(answer.rows, 'rows')) object(row, 'row')
  return { header: asHeader(answer.header), rows: answer.rows as RangeRows['rows'], through: asKey(answer.through) }
}

function asKey(value: unknown): RowKey | null {
  if (value === null) return null
  for (const part of array(value, 'key')) if (typeof part !== 'string' && typeof part !== 'number') throw violation('key')
  return value as RowKey
}

export function asRows(value: unknown): SnapshotRows {
  const chunk = object(value, 'chunk')
  text(chunk.entity, 'entity')
  for (const row of array(chunk.rows, 'rows')) object(row, 'row')
  return chunk as unknown as SnapshotRows
}

/** Null for a line that is not the last. */
export function asEnd(value: unknown): { readonly rows: number } | null {
  const line = object(value, 'line')
  return line.end === undefined ? null : { rows: whole(object(line.end, 'end').rows, 'rows') }
}

function asPart(value: unknown): BatchPart {
  const part = object(value, 'part')
  whole(part.number, 'number')
  whole(part.at, 'at')
  if (typeof part.complete !== 'boolean') throw violation('complete')
  if (part.stamp !== undefined) text(part.stamp, 'stamp')
  if (part.after !== undefined) whole(part.after, 'after')
  for (const change of array(part.changes, 'changes')) checkChange(change)
  return part as unknown as BatchPart
}

function checkChange(value: unknown): void {
  const change = object(value, 'change') as Partial<Record<keyof Change, unknown>>
  text(change.scope, 'scope')
  text(change.entity, 'entity')
  whole(change.position, 'position')
  array(change.key, 'key')
  if (change.absorbed !== undefined) whole(change.absorbed, 'absorbed')
  if (change.op === 'put') object(change.row, 'row')
  else if (change.op !== 'delete') throw violation('op')
}

function asCursor(value: unknown): LogCursor {
  const cursor = object(value, 'next')
  const place = { epoch: text(cursor.epoch, 'epoch'), batch: whole(cursor.batch, 'batch'), ...stampOf(cursor) }
  if (cursor.within === undefined) return place
  const within = object(cursor.within, 'within')
  const batch = within.batch === undefined ? {} : { batch: whole(within.batch, 'batch') }
  return { ...place, within: { scope: text(within.scope, 'scope'), position: whole(within.position, 'position'), ...batch, ...stampOf(within) } }
}

function asHead(value: unknown): LogHead {
  const head = object(value, 'head')
  return { epoch: text(head.epoch, 'epoch'), batch: whole(head.batch, 'batch'), ...stampOf(head), at: whole(head.at, 'at'), now: whole(head.now, 'now') }
}

function stampOf({ stamp }: Record<string, unknown>): { stamp?: string } {
  return stamp === undefined ? {} : { stamp: text(stamp, 'stamp') }
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw violation(name)
}

function array(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw violation(name)
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw violation(name)
}

function whole(value: unknown, name: string): number {
  if (Number.isSafeInteger(value)) return value as number
  throw violation(name)
}

function violation(name: string): AisleError {
  return new AisleError('PROTOCOL_VIOLATION', `Origin's answer has no proper ${name}.`)
}
