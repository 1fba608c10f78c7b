import { AisleError } from '../../../runtime/errors.ts'
import { random, unit } from '../random.ts'
import { describeProduct } from './describe.ts'
import { kinds, type Brand, type Kind } from './parse.ts'
import { retailPrice, sizeFactor } from './price.ts'

/** One product of the demo chain. */
export interface DemoProduct {
  readonly index: number
  readonly id: string
  readonly name: string
  readonly description: string
  readonly brand: string
  readonly kind: Kind
  readonly gtin: string
  readonly attributes: Readonly<Record<string, string>>
  /** Cents. */
  readonly priceMinor: number
  /** Share of its kind's sales, relative to the others of the kind. */
  readonly popularity: number
}

const origins = ['Belgium', 'Netherlands', 'Germany', 'France', 'Italy', 'Spain', 'Austria', 'Denmark', 'Portugal', 'Ireland', 'Finland', 'Greece']

/**
 * The first `count` products of the chain's catalogue. A larger catalogue begins with the smaller one: kinds take turns, each
 * with the next of its combinations of brand, variant and size, so names are unique.
 * @throws AisleError CONFIG_INVALID where there are not that many combinations
 */
export function demoProducts(count: number, seed: string): DemoProduct[] {
  const most = kinds.reduce((sum, kind) => sum + combinations(kind), 0)
  if (count > most) throw new AisleError('CONFIG_INVALID', `The demo has at most ${most} products, not ${count}.`)
  const orders = kinds.map((kind) => random(`${seed}/catalogue/${kind.name}`).shuffle(Array.from({ length: combinations(kind) }, (_, at) => at)))
  const products: DemoProduct[] = []
  for (let round = 0; products.length < count; round += 1) {
    for (const [at, kind] of kinds.entries()) {
      const combination = orders[at]?.[round]
      if (combination !== undefined && products.length < count) products.push(makeProduct(kind, combination, round, products.length))
    }
  }
  return products
}

function combinations(kind: Kind): number {
  return kind.brands.length * kind.variants.length * kind.sizes.length
}

function makeProduct(kind: Kind, combination: number, round: number, index: number): DemoProduct {
  const size = itemAt(kind.sizes, combination % kind.sizes.length)
  const rest = Math.floor(combination / kind.sizes.length)
  const variant = itemAt(kind.variants, rest % kind.variants.length)
  const brand = itemAt(kind.brands, Math.floor(rest / kind.variants.length))
  return {
    index,
    id: String(100_001 + index),
    name: `${brand.name} ${variant} ${kind.name} ${size}`,
    description: describeProduct(kind, brand, variant, size, combination),
    brand: brand.name,
    kind,
    gtin: ean13(`29${String(100_001 + index).padStart(10, '0')}`),
    attributes: attributesOf(kind, brand, variant, size, combination),
    priceMinor: retailPrice(kind.priceMinor, sizeFactor(kind.sizes, size), brand.tier, unit(kind.index, combination, 9) * 2 - 1),
    popularity: (round + 1) ** -0.7,
  }
}

function attributesOf(kind: Kind, brand: Brand, variant: string, size: string, combination: number): Record<string, string> {
  const free = /\b(Gluten|Lactose|Sugar|Caffeine|Alcohol|Fluoride|Palm-Oil)-Free\b/.exec(variant)?.[0]
  return {
    size,
    [kind.variantName]: variant,
    ...(kind.storage === 'ambient' ? {} : { storage: kind.storage }),
    organic: brand.tier === 'organic' || /\bOrganic\b/.test(variant) ? 'yes' : 'no',
    ...(free === undefined ? {} : { 'free from': free.replace('-Free', '').toLowerCase() }),
    origin: itemAt(origins, Math.floor(unit(kind.index, combination, 7) * origins.length)),
  }
}

/** Twelve digits and their check digit (GS1: weights 1 and 3 in turn). */
export function ean13(twelve: string): string {
  const sum = Array.from(twelve).reduce((total, digit, place) => total + Number(digit) * (place % 2 === 0 ? 1 : 3), 0)
  return `${twelve}${(10 - (sum % 10)) % 10}`
}

function itemAt<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new RangeError(`no item ${index}`)
  return item
}
