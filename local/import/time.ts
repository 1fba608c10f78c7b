const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:[Zz]|[+-]00:00)$/

/** Epoch milliseconds of an RFC 3339 time in UTC (what is finer than a millisecond is cut off), or null where the text is none. */
export function readTime(text: string): number | null {
  const match = rfc3339.exec(text)
  if (match === null) return null
  const [, day = '', clock = '', fraction = ''] = match
  const canonical = `${day}T${clock}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  const time = Date.parse(canonical)
  // Date.parse lets 31 April through as 1 May, and 24:00 as the next day.
  return Number.isNaN(time) || new Date(time).toISOString() !== canonical ? null : time
}
