import type { DatabaseSync } from 'node:sqlite'
import { productCount } from './columns.ts'
import { rows } from './statements.ts'
import { isCorrectable, stem } from './text.ts'
import { typingCost } from './typing.ts'
import { shortenings } from './writer.ts'

/** How unlikely one error is, as a natural logarithm. */
const errorCost = 4.6
/** People seldom get the first letter wrong. */
const firstLetterCost = 2
/** How much how common a word is counts beside the errors: shoppers ask for rare words more often than texts have them. */
const commonness = 0.7
/** From this length on two errors are believed. */
const lengthForTwo = 6
/** How much of what makes a word likely is that it goes with the other words; the rest is how common it is by itself. */
const contextShare = 0.9
/** How much a product counts that has the word elsewhere than in its name, category or brand, which say what shoppers type. */
const elsewhereShare = 0.1
/** Candidates that are looked at closely. */
const mostWeighed = 8

/** A word that may have been meant. */
interface Candidate {
  readonly term: string
  /** How many products have it. */
  readonly docs: number
  /** The logarithm of how likely the errors are. */
  readonly errors: number
}

/** Whether any product has the word, in singular or plural. */
export function isKnownWord(connection: DatabaseSync, surface: string): boolean {
  const sql = 'select 1 from search_term where term = ?1 union all select 1 from search_term where stem = ?2 limit 1'
  return rows(connection, sql, surface, stem(surface)).length > 0
}

/**
 * The word of the catalogue that was most likely meant by one that it does not have; null where none is near.
 * Likely: few and common errors away, and in many products, above all in those that have the other words (a noisy channel).
 * @param others tokens of the other words that were typed
 */
export function correctWord(connection: DatabaseSync, surface: string, others: readonly string[] = []): string | null {
  if (!isCorrectable(surface) || isKnownWord(connection, surface)) return null
  const found = candidates(connection, surface)
  const total = productCount(connection)
  const context = found.length > 1 ? others.map((token) => ({ token, docs: having(connection, [token]) })).filter(({ docs }) => docs > 0) : []
  let best: { term: string; score: number } | null = null
  for (const { term, docs, errors } of found) {
    const alone = (elsewhereShare * docs + having(connection, [stem(term)], '{name category brand} : ')) / total
    const beside = context.map((other) => having(connection, [other.token, stem(term)]) / other.docs)
    const together = beside.reduce((sum, share) => sum + share, 0) / Math.max(beside.length, 1)
    const likely = beside.length === 0 ? alone : contextShare * together + (1 - contextShare) * alone
    const score = commonness * Math.log(likely) + errors
    if (best === null || score > best.score) best = { term, score }
  }
  return best?.term ?? null
}

/**
 * A token that may have been meant by one of those typed, though the catalogue has that word too: it goes with the other words far
 * more often than the one typed, even for so unlikely an error; null where none does.
 * @param tokens of two words or more
 * @param surfaces of the tokens, null where one is not to be doubted
 */
export function likelierBeside(connection: DatabaseSync, tokens: readonly string[], surfaces: readonly (string | null)[]): { readonly at: number; readonly token: string } | null {
  const total = productCount(connection)
  const asTyped = having(connection, tokens)
  let best: { at: number; token: string; gain: number } | null = null
  for (const [at, surface] of surfaces.entries()) {
    const token = tokens[at]
    const others = tokens.toSpliced(at, 1)
    if (surface === null || token === undefined || !isCorrectable(surface)) continue
    const around = having(connection, others)
    if (around === 0) continue
    // Where none was seen, so many would be by chance.
    const expected = asTyped + (around * having(connection, [token])) / total
    for (const { term, errors } of candidates(connection, surface)) {
      const other = stem(term)
      if (other === token || tokens.includes(other)) continue
      const gain = Math.log(having(connection, [...others, other])) + errors - Math.log(expected)
      if (gain > 0 && (best === null || gain > best.gain)) best = { at, token: other, gain }
    }
  }
  return best
}

/** Words near by, likeliest first; they share a word with one letter left out, after Garbe's symmetric deletes. */
function candidates(connection: DatabaseSync, surface: string): Candidate[] {
  const shorter = shortenings(surface)
  const near = rows<[term: string, docs: number]>(
    connection,
    `select term, docs from search_term where term in (select value from json_each(?1))
     union select t.term, t.docs from search_misspelling m join search_term t on t.term = m.term where m.shortened in (select value from json_each(?2))`,
    JSON.stringify([...shorter]),
    JSON.stringify([surface, ...shorter]),
  )
  const most = surface.length >= lengthForTwo ? 2 : 1
  const found = near.flatMap(([term, docs]) => {
    const cost = term === surface ? Infinity : typingCost(surface, term, most)
    return cost === Infinity ? [] : [{ term, docs, errors: -cost * errorCost - (surface[0] === term[0] ? 0 : firstLetterCost) }]
  })
  const likely = ({ docs, errors }: Candidate): number => commonness * Math.log(docs) + errors
  return found.toSorted((a, b) => likely(b) - likely(a) || (a.term < b.term ? -1 : 1)).slice(0, mostWeighed)
}

/** How many products have all the tokens. @param columns a filter of FTS5 */
function having(connection: DatabaseSync, tokens: readonly string[], columns = ''): number {
  const expression = tokens.map((token) => `"${token}"`).join(' AND ')
  return rows<[number]>(connection, 'select count(*) from search_text where search_text match ?', `${columns}(${expression})`)[0]?.[0] ?? 0
}
