import { currencyDigits, toMoney } from '../shared/money.ts'
import type { Facet, FacetValue } from './facet.ts'
import type { PriceCount } from './index/search-index.ts'

const mostRanges = 5

/**
 * Price ranges that split the products into about equal parts at round amounts, in the currency that most of them have;
 * none where their prices do not differ enough. Ranges do not overlap and leave no price out.
 */
export function priceFacet(counts: readonly PriceCount[]): Facet[] {
  const currency = commonest(counts)
  if (currency === null) return []
  const prices = counts.filter((count) => count.currency === currency).toSorted((a, b) => a.minor - b.minor)
  const total = prices.reduce((sum, { count }) => sum + count, 0)
  const bounds = new Set<number>()
  let passed = 0
  for (const { minor, count } of prices) {
    const before = Math.floor((passed / total) * mostRanges)
    passed += count
    if (Math.floor((passed / total) * mostRanges) > before && passed < total) bounds.add(roundAmount(minor))
  }
  const cuts = [...bounds].filter((bound) => bound > 0).toSorted((a, b) => a - b)
  const values = [null, ...cuts].flatMap((from, at): FacetValue[] => {
    const below = cuts[at] ?? null
    const count = prices.reduce((sum, price) => (price.minor >= (from ?? -Infinity) && price.minor < (below ?? Infinity) ? sum + price.count : sum), 0)
    return count === 0 ? [] : [{ ...rangeText(from, below, currency), count }]
  })
  if (values.length < 2) return []
  return [{ kind: 'PRICE', name: 'Price', values: values.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)) }]
}

function commonest(counts: readonly PriceCount[]): string | null {
  const byCurrency = new Map<string, number>()
  for (const { currency, count } of counts) byCurrency.set(currency, (byCurrency.get(currency) ?? 0) + count)
  return [...byCurrency].toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))[0]?.[0] ?? null
}

/** The nearest of 1, 2, 5, 10, 20, 50 … */
function roundAmount(minor: number): number {
  if (minor <= 0) return 0
  const power = 10 ** Math.floor(Math.log10(minor))
  const [, nearest = power] = [1, 2, 5, 10].map((step) => [Math.abs(step * power - minor), step * power] as const).toSorted((a, b) => a[0] - b[0])[0] ?? []
  return nearest
}

/** From `from` up to the last minor unit before `below`; null is open. */
function rangeText(from: number | null, below: number | null, currency: string): { value: string; label: string } {
  const least = from === null ? '' : toMoney(from, currency).amount
  const most = below === null ? '' : toMoney(below - 1, currency).amount
  const whole = (minor: number): string => toMoney(minor, currency).amount.replace(currencyDigits(currency) > 0 ? /\.0+$/ : /$^/, '')
  const words = from === null ? `under ${whole(below ?? 0)}` : below === null ? `${whole(from)} and more` : `${whole(from)} to ${whole(below)}`
  return { value: `${least}..${most}`, label: `${currency} ${words}` }
}
