import type { Brand } from './parse.ts'

const tierFactor: Readonly<Record<Brand['tier'], number>> = { value: 0.74, standard: 1, premium: 1.42, organic: 1.28 }

/** How much dearer a size is than the smallest one: a little less than in proportion. */
export function sizeFactor(sizes: readonly string[], size: string): number {
  const smallest = measure(sizes[0] ?? '')
  const own = measure(size)
  if (smallest === null || own === null || smallest.unit !== own.unit) return 1.6 ** sizes.indexOf(size)
  return (own.amount / smallest.amount) ** 0.82
}

/** The retail price in cents of one product; `spread` in [-1, 1) moves it by up to 8 %. */
export function retailPrice(baseMinor: number, factor: number, tier: Brand['tier'], spread: number): number {
  return retailEnding(baseMinor * factor * tierFactor[tier] * (1 + spread * 0.08))
}

/** The nearest price with a usual ending: .x9 below 10.00, .49 or .99 above. */
export function retailEnding(cents: number): number {
  if (cents < 1000) return Math.max(19, Math.round((cents - 9) / 10) * 10 + 9)
  return Math.round((cents - 49) / 50) * 50 + 49
}

/** "4 x 100 g" → 400 of "g". Litres and kilograms count as millilitres and grams. */
function measure(size: string): { amount: number; unit: string } | null {
  const match = /^(?:(\d+) x )?(\d+(?:\.\d+)?) (\w+)$/.exec(size)
  if (match === null) return null
  const [, packs = '1', number = '', unit = ''] = match
  const large = unit === 'l' || unit === 'kg'
  const small = unit === 'l' ? 'ml' : unit === 'kg' ? 'g' : unit.replace(/s$/, '')
  return { amount: Number(packs) * Number(number) * (large ? 1000 : 1), unit: small }
}
