import { currencyDigits } from '../shared/money.ts'

/** Decimals that the scalar Decimal allows. */
const scale = 9

/**
 * A bound on prices as decimal text, for amounts in minor units of any currency: exact, whatever the decimals.
 * With `minPrice` "9.999" a price of 10.00 passes and one of 9.99 does not.
 */
export function priceBounds(minPrice: string | null, maxPrice: string | null): (price: { readonly minor: number; readonly currency: string }) => boolean {
  const least = minPrice === null ? null : scaled(minPrice)
  const most = maxPrice === null ? null : scaled(maxPrice)
  return ({ minor, currency }) => {
    const amount = BigInt(minor) * 10n ** BigInt(scale - currencyDigits(currency))
    return (least === null || amount >= least) && (most === null || amount <= most)
  }
}

function scaled(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}
