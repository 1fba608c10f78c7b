/** What a product says of itself. */
export interface ProductText {
  readonly name: string
  readonly brand: string | null
  /** Names from the top level down. */
  readonly categoryPath: readonly string[]
}

/** A unit vector over terms, sparse. */
export type TermVector = ReadonlyMap<string, number>

/** Words in more products than this share, within these numbers, tell too little apart to compare all that have them. */
const commonShare = 0.05
const commonLeast = 200
const commonMost = 1_000

/**
 * TF-IDF vectors over name, category and brand, of length one; the words of name and category stem alike, the brand is one term.
 */
export function contentVectors(texts: readonly ProductText[]): TermVector[] {
  const terms = texts.map(termsOf)
  const counts = new Map<string, number>()
  for (const own of terms) for (const term of own) counts.set(term, (counts.get(term) ?? 0) + 1)
  const common = Math.min(Math.max(commonLeast, texts.length * commonShare), commonMost)
  return terms.map((own) => {
    const weights = new Map<string, number>()
    for (const term of own) {
      const count = counts.get(term) ?? 0
      if (count > 1 && count <= common) weights.set(term, Math.log(texts.length / count) + 1)
    }
    return unitVector(weights)
  })
}

/** Scaled to length one; an empty vector stays empty. */
export function unitVector<Key>(weights: ReadonlyMap<Key, number>): Map<Key, number> {
  const length = Math.sqrt([...weights.values()].reduce((sum, weight) => sum + weight * weight, 0))
  return new Map([...weights].map(([key, weight]) => [key, weight / length]))
}

function termsOf({ name, brand, categoryPath }: ProductText): Set<string> {
  const terms = new Set(wordsOf(name))
  for (const [level, category] of categoryPath.entries()) for (const word of wordsOf(category)) terms.add(`category ${level} ${word}`)
  if (brand !== null) terms.add(`brand ${brand.toLowerCase()}`)
  return terms
}

function wordsOf(text: string): string[] {
  const words = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  return words.map((word) => (word.length > 3 ? word.replace(/s$/, '') : word))
}
