import { cupboard } from './cupboard.ts'
import { fresh } from './fresh.ts'
import { household } from './household.ts'

/** A maker and where it stands among others. */
export interface Brand {
  readonly name: string
  readonly tier: 'value' | 'standard' | 'premium' | 'organic'
}

/** A kind of product: what all of its variants, brands and sizes have in common. */
export interface Kind {
  readonly index: number
  /** For example "Muesli". */
  readonly name: string
  /** Names of categories, top level first; the kind itself is the third level. */
  readonly path: readonly [department: string, aisle: string, kind: string]
  readonly brands: readonly Brand[]
  readonly variants: readonly string[]
  /** Smallest first. */
  readonly sizes: readonly string[]
  /** Price of the smallest size from a standard brand, in cents. */
  readonly priceMinor: number
  /** What it is bought for, for example breakfast; see `themes.ts`. */
  readonly themes: readonly string[]
  /** What can be said of each of them, as part of a sentence. */
  readonly phrase: string
  /** What tells its variants apart, for example flavour. */
  readonly variantName: string
  readonly storage: 'ambient' | 'chilled' | 'frozen'
}

/**
 * Reads the notation of the catalogue files: `# department | what variants differ in | storage`, then `brands:` (value marked -,
 * premium +, organic *), `## aisle` (which may say itself what variants differ in), and a line for each kind: `name | variants | sizes | price | themes | phrase`.
 */
function parseKinds(text: string): Omit<Kind, 'index'>[] {
  const kinds: Omit<Kind, 'index'>[] = []
  let department = { name: '', variantName: '', storage: 'ambient' as Kind['storage'] }
  let brands: Brand[] = []
  let aisle = { name: '', variantName: '' }
  for (const line of text.split('\n')) {
    const fields = line.replace(/^#+ |^brands: /, '').split(' | ')
    const [name = '', second = '', third = '', price = '', themes = '', phrase = ''] = fields
    if (line.startsWith('# ')) department = { name, variantName: second, storage: third === 'chilled' || third === 'frozen' ? third : 'ambient' }
    else if (line.startsWith('## ')) aisle = { name, variantName: second === '' ? department.variantName : second }
    else if (line.startsWith('brands: ')) brands = name.split(', ').map(parseBrand)
    else if (line !== '') {
      kinds.push({
        name,
        path: [department.name, aisle.name, name],
        brands,
        variants: second.split(', '),
        sizes: third.split(', '),
        priceMinor: Math.round(Number(price) * 100),
        themes: themes.split(', '),
        phrase,
        variantName: aisle.variantName,
        storage: department.storage,
      })
    }
  }
  return kinds
}

function parseBrand(text: string): Brand {
  const tiers: Readonly<Record<string, Brand['tier']>> = { '-': 'value', '+': 'premium', '*': 'organic' }
  const tier = tiers[text.at(-1) ?? '']
  return tier === undefined ? { name: text, tier: 'standard' } : { name: text.slice(0, -1), tier }
}

/** Every kind that the demo chain sells. */
export const kinds: readonly Kind[] = [fresh, cupboard, household].flatMap((text) => parseKinds(text)).map((kind, index) => ({ ...kind, index }))
