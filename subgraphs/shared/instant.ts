const dayMs = 86_400_000

/** The first instant of the year 10000: from there on a year has more digits. */
const lastMs = Date.UTC(10_000, 0, 1)

/** The day that was last written out, counted from 1970: neighbouring rows often changed on one day. */
let lastDay = { count: Number.NaN, text: '' }

const two = Array.from({ length: 100 }, (_unused, value) => String(value).padStart(2, '0'))

/**
 * An instant (epoch milliseconds) in RFC 3339, as `Date` writes it, at a fraction of what that takes. The day is counted by Howard Hinnant's
 * `civil_from_days`. @throws RangeError for what is no instant
 */
export function instantText(at: number): string {
  if (!Number.isInteger(at) || at < 0 || at >= lastMs) return new Date(at).toISOString()
  const days = Math.floor(at / dayMs)
  if (days !== lastDay.count) lastDay = { count: days, text: dayText(days) }
  const rest = at - days * dayMs
  const seconds = Math.floor(rest / 1_000)
  const minutes = Math.floor(seconds / 60)
  const ms = rest - seconds * 1_000
  return `${lastDay.text}T${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[seconds % 60]}.${ms < 100 ? '0' : ''}${two[ms] ?? ms}Z`
}

function dayText(days: number): string {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor((ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365)
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * ofYear + 2) / 153)
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${year}-${two[month]}-${two[day]}`
}
