/** Money as the graph shows it. */
export interface Money {
  readonly amount: string
  readonly currencyCode: string
}

const digitsByCurrency = new Map<string, number>()

/** Number of decimals of a currency (2 for GBP, 0 for JPY). */
export function currencyDigits(currency: string): number {
  let digits = digitsByCurrency.get(currency)
  if (digits === undefined) {
    digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
    digitsByCurrency.set(currency, digits)
  }
  return digits
}

/** From minor units to exact text: (1250, 'GBP') → "12.50". */
export function toMoney(minor: number | bigint, currency: string): Money {
  const digits = currencyDigits(currency)
  const text = String(minor).replace('-', '').padStart(digits + 1, '0')
  const amount = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
  return { amount: minor < 0 ? `-${amount}` : amount, currencyCode: currency }
}

/** From decimal text to minor units, exactly; null where the text has more decimals than the currency, or is none. */
export function toMinor(amount: string, currency: string): number | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(amount)
  if (match === null) return null
  const digits = currencyDigits(currency)
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (fraction.length > digits) return null
  const minor = Number(match[2]) * 10 ** digits + Number(fraction.padEnd(digits, '0') || '0')
  return match[1] === '-' ? -minor : minor
}
