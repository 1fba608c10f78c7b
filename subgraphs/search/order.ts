import { AisleError } from '../../runtime/errors.ts'
import { decodeCursor, type CursorKey } from '../shared/connection.ts'
import { currencyDigits } from '../shared/money.ts'
import type { MinorAmount } from './store.ts'

export type ProductSort = 'RELEVANCE' | 'NAME' | 'PRICE_ASC' | 'PRICE_DESC'

/** A match with what it is sorted by. */
export interface Ranked {
  readonly id: string
  readonly score: number
  /** Name or price, null with RELEVANCE and for a product without a price. */
  readonly lead: string | number | null
}

/** Matches in some order, of which a few are looked at. */
export interface Ordered {
  readonly length: number
  slice(from: number, to: number): readonly Ranked[]
}

/** What a product without a store's own is sorted by. Prices compare in major units, so that mixed currencies at least stay together. */
export function priceLead(price: MinorAmount | null): number | null {
  return price === null ? null : price.minor / 10 ** currencyDigits(price.currency)
}

/** Below zero where `a` stands before `b`: by lead, then relevance, then id. */
export function compareRanked(sort: ProductSort, a: Ranked, b: Ranked): number {
  return compareLeads(sort, a.lead, b.lead) || b.score - a.score || compare(a.id, b.id)
}

/** A place in an order: behind a match. */
export interface Place extends Ranked {
  /** The match before that one, null for the first. */
  readonly before: string | null
}

export function cursorOf(sort: ProductSort, { lead, score, id, before }: Place): CursorKey {
  return [sort, lead, score, id, before]
}

/**
 * The place a cursor stands for, or null without one.
 * @throws AisleError BAD_USER_INPUT for a cursor of another order.
 */
export function placeOf(sort: ProductSort, cursor: string | null | undefined): Place | null {
  const key = decodeCursor(cursor, 5)
  if (key === null) return null
  const [of, lead = null, score, id, before = null] = key
  if (of === sort && typeof score === 'number' && typeof id === 'string' && typeof before !== 'number') return { id, score, lead, before }
  throw new AisleError('BAD_USER_INPUT', 'The argument `after` is a cursor of another order: pass one that this search returned.')
}

/** With every change of the catalogue scores move a little, and with them a product by so many places at most. */
const drift = 200

/**
 * Where to go on behind a cursor, in an order that may have changed since: behind the same product, else the one before it, where it still
 * stands about there, for its score depends on the other matches. One that has moved far, is gone, or has another name or price now, says
 * nothing of where the page ended; then the lead and score do that it had.
 */
export function placeAfter(sort: ProductSort, ordered: Ordered, place: Place): number {
  const byScore = firstBehind(sort, ordered, place)
  const from = Math.max(0, byScore - drift)
  const near = ordered.slice(from, byScore + drift)
  for (const anchor of sort === 'RELEVANCE' ? [place.id, place.before] : [place.id]) {
    const at = near.findIndex(({ id, lead }) => id === anchor && lead === place.lead)
    if (at !== -1) return from + at + 1
  }
  return byScore
}

/** By halves; begins with the first ones, since most of the rest is not even in order yet. */
function firstBehind(sort: ProductSort, ordered: Ordered, cursor: Ranked): number {
  const isBehind = (at: number): boolean => ordered.slice(at, at + 1).some((match) => compareRanked(sort, match, cursor) > 0)
  let high = Math.min(ordered.length, 128)
  while (high < ordered.length && !isBehind(high - 1)) high = Math.min(ordered.length, high * 2)
  let low = 0
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBehind(middle)) high = middle
    else low = middle + 1
  }
  return low
}

function compareLeads(sort: ProductSort, a: Ranked['lead'], b: Ranked['lead']): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  return sort === 'PRICE_DESC' ? compare(b, a) : compare(a, b)
}

function compare<Value extends string | number>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0
}
