import type { Term } from './query.ts'
import { fields } from './tables.ts'

/** A product that may be wanted, as far as re-ranking looks at it. */
export interface Candidate {
  readonly categoryId: string | null
  /** The tokens of each field, a space between, in the fields' order. */
  readonly texts: readonly string[]
  /** How many tokens each field has. */
  readonly lengths: readonly number[]
  /** The id of an attribute, that of its value, and so on. */
  readonly attributePairs: Uint32Array
}

export function candidateOf(categoryId: string | null, texts: readonly string[], attributePairs: Uint32Array): Candidate {
  return { categoryId, texts, lengths: texts.map(tokensIn), attributePairs }
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

/** @param rarity of each term, above zero. */
export function evidenceOf(candidates: readonly Candidate[], terms: readonly Term[], rarity: readonly number[]): Evidence[] {
  const total = rarity.reduce((sum, each) => sum + each, 0)
  const averages = names.map((_, field) => candidates.reduce((sum, { lengths }) => sum + (lengths[field] ?? 0), 0) / candidates.length)
  const coverage = candidates.map(({ texts }) => {
    const name = textOf(texts, places.name)
    return terms.reduce((sum, term, at) => sum + (occurrencesOf(name, term) > 0 ? (rarity[at] ?? 0) : 0), 0) / total
  })
  const kinds = kindsOf(candidates, coverage)
  const heads: readonly string[] = terms.at(-1) ?? []
  return candidates.map((candidate) => {
    const weights = names.map((name, field) => fieldWeights[name] / (1 - lengthShare + (lengthShare * (candidate.lengths[field] ?? 0)) / (averages[field] || 1)))
    const frequencies = terms.map((term) => weights.reduce((sum, weight, field) => sum + weight * occurrencesOf(textOf(candidate.texts, field), term), 0))
    const text = frequencies.reduce((sum, frequency, each) => sum + ((rarity[each] ?? 0) * frequency) / (saturation + frequency), 0) / total
    return {
      text,
      complete: frequencies.every((frequency) => frequency > 0) ? 1 : 0,
      purpose: heads.some((head) => standsBehindPurpose(textOf(candidate.texts, places.name), head)) ? 1 : 0,
      categoryHead: heads.includes(textOf(candidate.texts, places.category).split(' ').at(-1) ?? '') ? 1 : 0,
      ...kinds(candidate),
    }
  })
}

function textOf(texts: Candidate['texts'], place: number): string {
  return texts[place] ?? ''
}

function tokensIn(text: string): number {
  if (text === '') return 0
  let count = 1
  for (let at = text.indexOf(' '); at !== -1; at = text.indexOf(' ', at + 1)) count += 1
  return count
}

/** What was not typed but may have been meant counts a little less. */
const insteadShare = 0.9

function occurrencesOf(text: string, [typed, ...instead]: Term): number {
  return instead.reduce((sum, token) => sum + insteadShare * occurrences(text, token), occurrences(text, typed))
}

const space = 32

/** How often the token stands in the text; looked for as it is, since most texts hold most tokens nowhere. */
function occurrences(text: string, token: string): number {
  let count = 0
  for (let at = text.indexOf(token); at !== -1; at = text.indexOf(token, at + token.length)) {
    const end = at + token.length
    if ((at === 0 || text.charCodeAt(at - 1) === space) && (end === text.length || text.charCodeAt(end) === space)) count += 1
  }
  return count
}

function standsBehindPurpose(text: string, head: string): boolean {
  if (!text.includes(head)) return false
  const name = text.split(' ')
  const at = name.indexOf(head)
  const purpose = name.findIndex((word) => purposeWords.has(word))
  return purpose > 0 && at > purpose
}

/** How much a candidate is of the kind that most of them are, each counting by the words of the query in its name. */
function kindsOf(candidates: readonly Candidate[], coverage: readonly number[]): (candidate: Candidate) => Pick<Evidence, 'categoryShare' | 'typical'> {
  const categories = new Map<string | null, number>()
  const attributes = new Map<number, number>()
  for (const [at, { categoryId, attributePairs }] of candidates.entries()) {
    const weight = coverage[at] ?? 0
    if (weight === 0) continue
    categories.set(categoryId, (categories.get(categoryId) ?? 0) + weight)
    for (let pair = 0; pair < attributePairs.length; pair += 2) {
      const attribute = attributePairs[pair] ?? 0
      attributes.set(attribute, (attributes.get(attribute) ?? 0) + weight)
    }
  }
  const all = coverage.reduce((sum, weight) => sum + weight, 0) || 1
  const length = Math.sqrt(attributes.values().reduce((sum, weight) => sum + weight * weight, 0))
  return ({ categoryId, attributePairs }) => {
    let shared = 0
    for (let pair = 0; pair < attributePairs.length; pair += 2) shared += attributes.get(attributePairs[pair] ?? 0) ?? 0
    return {
      categoryShare: (categories.get(categoryId) ?? 0) / all,
      typical: shared === 0 ? 0 : shared / (length * Math.sqrt(attributePairs.length / 2)),
    }
  }
}
