import { fields } from './tables.ts'

/** A product that may be wanted, as far as re-ranking looks at it. */
export interface Candidate {
  readonly categoryId: string | null
  /** The tokens of each field, in the fields' order. */
  readonly texts: readonly (readonly string[])[]
  /** Ids of its attributes. */
  readonly attributes: ReadonlySet<number>
}

/** What speaks for a candidate, each from 0 to 1. */
export interface Evidence {
  /** BM25F (Robertson, Zaragoza and Taylor 2004): rare words count more, each field by its weight and its own length. */
  readonly text: number
  /** Whether it has every word. */
  readonly complete: number
  /** Whether the name tells only what it is for or comes with: the last word of the query stands behind a "for". */
  readonly purpose: number
  /** Whether its category is called by the last word of the query, in English the one that names the thing. */
  readonly categoryHead: number
  /** Share of the candidates, by the words in their names, that are in its category. */
  readonly categoryShare: number
  /** How much its attributes are those that the candidates have: what kind of thing most of them are. */
  readonly typical: number
}

const fieldWeights = { name: 8, category: 2, brand: 1, description: 8, attributes: 1 } as const satisfies Record<keyof typeof fields, number>
const names = Object.keys(fields) as (keyof typeof fields)[]
const places = { name: names.indexOf('name'), category: names.indexOf('category') }
/** The usual parameters of BM25. */
const saturation = 1.2
const lengthShare = 0.75
const purposeWords = new Set(['for', 'with', 'w'])

/** @param rarity of each token, above zero. */
export function evidenceOf(candidates: readonly Candidate[], tokens: readonly string[], rarity: readonly number[]): Evidence[] {
  const total = rarity.reduce((sum, each) => sum + each, 0)
  const lengths = names.map((_, field) => candidates.reduce((sum, { texts }) => sum + (texts[field]?.length ?? 0), 0) / candidates.length)
  const coverage = candidates.map(({ texts }) => tokens.reduce((sum, token, at) => sum + (textOf(texts, places.name).includes(token) ? (rarity[at] ?? 0) : 0), 0) / total)
  const kinds = kindsOf(candidates, coverage)
  const head = tokens.at(-1) ?? ''
  return candidates.map((candidate) => {
    const frequencies = weightedFrequencies(candidate, tokens, lengths)
    const text = frequencies.reduce((sum, frequency, at) => sum + ((rarity[at] ?? 0) * frequency) / (saturation + frequency), 0) / total
    return {
      text,
      complete: frequencies.every((frequency) => frequency > 0) ? 1 : 0,
      purpose: standsBehindPurpose(textOf(candidate.texts, places.name), head) ? 1 : 0,
      categoryHead: textOf(candidate.texts, places.category).at(-1) === head ? 1 : 0,
      ...kinds(candidate),
    }
  })
}

function textOf(texts: Candidate['texts'], place: number): readonly string[] {
  return texts[place] ?? []
}

function weightedFrequencies({ texts }: Candidate, tokens: readonly string[], averages: readonly number[]): number[] {
  const frequencies = tokens.map(() => 0)
  for (const [field, name] of names.entries()) {
    const words = textOf(texts, field)
    const weight = fieldWeights[name] / (1 - lengthShare + (lengthShare * words.length) / (averages[field] || 1))
    for (const word of words) {
      const at = tokens.indexOf(word)
      if (at !== -1) frequencies[at] = (frequencies[at] ?? 0) + weight
    }
  }
  return frequencies
}

function standsBehindPurpose(name: readonly string[], head: string): boolean {
  const at = name.indexOf(head)
  const purpose = name.findIndex((word) => purposeWords.has(word))
  return purpose > 0 && at > purpose
}

/** How much a candidate is of the kind that most of them are, each counting by the words of the query in its name. */
function kindsOf(candidates: readonly Candidate[], coverage: readonly number[]): (candidate: Candidate) => Pick<Evidence, 'categoryShare' | 'typical'> {
  const categories = new Map<string | null, number>()
  const attributes = new Map<number, number>()
  for (const [at, candidate] of candidates.entries()) {
    const weight = coverage[at] ?? 0
    if (weight === 0) continue
    categories.set(candidate.categoryId, (categories.get(candidate.categoryId) ?? 0) + weight)
    for (const attribute of candidate.attributes) attributes.set(attribute, (attributes.get(attribute) ?? 0) + weight)
  }
  const all = coverage.reduce((sum, weight) => sum + weight, 0) || 1
  const length = Math.sqrt(attributes.values().reduce((sum, weight) => sum + weight * weight, 0))
  return (candidate) => {
    const shared = candidate.attributes.values().reduce((sum, attribute) => sum + (attributes.get(attribute) ?? 0), 0)
    return {
      categoryShare: (categories.get(candidate.categoryId) ?? 0) / all,
      typical: shared === 0 ? 0 : shared / (length * Math.sqrt(candidate.attributes.size)),
    }
  }
}
