import { AisleError } from '../../runtime/errors.ts'
import { decodeCursor, type CursorKey } from '../shared/connection.ts'
import { currencyDigits } from '../shared/money.ts'
import type { Candidate } from './store.ts'

export type ProductSort = 'RELEVANCE' | 'NAME' | 'PRICE_ASC' | 'PRICE_DESC'

/** A match with what it is sorted by. */
export interface Ranked {
  readonly id: string
  readonly score: number
  /** Name or price, null with RELEVANCE and for a product without a price. */
  readonly lead: string | number | null
}

/** What a match is sorted by before its relevance. Prices compare in major units, so that mixed currencies at least stay together. */
export function leadOf(sort: ProductSort, candidate: Candidate): string | number | null {
  if (sort === 'RELEVANCE') return null
  if (sort === 'NAME') return candidate.name
  return candidate.price === null ? null : candidate.price.minor / 10 ** currencyDigits(candidate.price.currency)
}

/** Below zero where `a` stands before `b`: by lead, then relevance, then id. */
export function compareRanked(sort: ProductSort, a: Ranked, b: Ranked): number {
  return compareLeads(sort, a.lead, b.lead) || b.score - a.score || compare(a.id, b.id)
}

export function cursorOf(sort: ProductSort, { lead, score, id }: Ranked): CursorKey {
  return [sort, lead, score, id]
}

/**
 * The place a cursor stands for, or null without one.
 * @throws AisleError BAD_USER_INPUT for a cursor of another order.
 */
export function placeOf(sort: ProductSort, cursor: string | null | undefined): Ranked | null {
  const key = decodeCursor(cursor, 4)
  if (key === null) return null
  const [of, lead = null, score, id] = key
  if (of === sort && typeof score === 'number' && typeof id === 'string') return { id, score, lead }
  throw new AisleError('BAD_USER_INPUT', 'The argument `after` is a cursor of another order: pass one that this search returned.')
}

function compareLeads(sort: ProductSort, a: Ranked['lead'], b: Ranked['lead']): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  return sort === 'PRICE_DESC' ? compare(b, a) : compare(a, b)
}

function compare<Value extends string | number>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0
}
