import { AisleError } from '../../runtime/errors.ts'
import type { ReadingSpan } from './store.ts'

/** Most buckets in one answer. */
export const mostBuckets = 5_000

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Widths that people ask for, in milliseconds. */
const widths = [second, 5 * second, 15 * second, 30 * second, minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 7 * day, 28 * day]

/** How many buckets of a width (milliseconds) lie in a span, empty ones counted. */
export function bucketCount({ from, to }: ReadingSpan, width: number): number {
  return Math.floor((to - 1) / width) - Math.floor(from / width) + 1
}

/**
 * Checks what is asked of a series.
 * @throws AisleError BAD_USER_INPUT for a span that runs backwards, or a bucket that is empty or too narrow for the span.
 */
export function checkSpan(span: ReadingSpan, width: number | null): void {
  if (span.from > span.to) throw new AisleError('BAD_USER_INPUT', 'The argument `from` lies behind `to`.')
  if (width === null) return
  if (width <= 0) throw new AisleError('BAD_USER_INPUT', 'The argument `bucket` must be longer than nothing.')
  if (bucketCount(span, width) > mostBuckets) throw tooMany(span)
}

/** BAD_USER_INPUT that says which bucket to use instead. */
export function tooMany(span: ReadingSpan): AisleError {
  const fitting = widths.find((width) => bucketCount(span, width) <= mostBuckets) ?? Math.ceil((span.to - span.from) / (mostBuckets - 1) / day) * day
  return new AisleError('BAD_USER_INPUT', `More than ${mostBuckets} buckets would be returned: ask with bucket: "${isoDuration(fitting)}" or wider, or for a shorter span.`, {
    details: { bucket: isoDuration(fitting) },
  })
}

function isoDuration(ms: number): string {
  if (ms % day === 0) return `P${ms / day}D`
  if (ms % hour === 0) return `PT${ms / hour}H`
  return ms % minute === 0 ? `PT${ms / minute}M` : `PT${ms / second}S`
}
