import type { DatabaseSync } from 'node:sqlite'
import { correctWord, likelierBeside } from './spelling.ts'
import { rows } from './statements.ts'
import { stem, wordsOf } from './text.ts'

/** One thing that a match should have: any of these tokens, the one that was typed first. Whatever `wordsOf` makes is safe between quotes. */
export type Term = readonly [typed: string, ...instead: string[]]

/** A search text as the index is asked. */
export interface ParsedQuery {
  /** Each once. */
  readonly terms: readonly Term[]
  /** The text that is really searched where a word was corrected, else null. */
  readonly corrected: string | null
}

/** With fewer products that have all the words, words are doubted, and products that have any come behind. */
const enoughWithAll = 24

/** Words beyond these say no more about what is wanted. */
const mostWords = 24

/** Reads any text whatever: operators, quotes and the like are only separators. */
export function parseQuery(connection: DatabaseSync, text: string): ParsedQuery {
  const words = wordsOf(text).slice(0, mostWords)
  const surfaces: string[] = []
  // By token: the word that may be doubted, null for one that was mended or joined.
  let doubted: (readonly [token: string, surface: string | null])[] = []
  let corrected = false
  for (const [at, word] of words.entries()) {
    const correction = correctWord(connection, word.surface, words.toSpliced(at, 1).map(({ token }) => token))
    surfaces.push(correction ?? word.surface)
    doubted.push(correction === null ? [word.token, word.surface] : [stem(correction), null])
    corrected ||= correction !== null
    if (word.joined !== null && hasToken(connection, word.joined.token)) doubted.splice(-word.joined.words, word.joined.words, [word.joined.token, null])
  }
  doubted = [...new Map(doubted)]
  const terms = doubted.map(([token]): Term => [token])
  return { terms: withDoubts(connection, terms, doubted.map(([, surface]) => surface)), corrected: corrected ? surfaces.join(' ') : null }
}

/** A word that hardly goes with the others may be another one with an error in it: then both are looked for. */
function withDoubts(connection: DatabaseSync, terms: readonly Term[], surfaces: readonly (string | null)[]): readonly Term[] {
  if (terms.length < 2 || enoughHaveAll(connection, terms)) return terms
  const other = likelierBeside(connection, terms.map(([token]) => token), surfaces)
  return other === null ? terms : terms.with(other.at, [terms[other.at]?.[0] ?? other.token, other.token])
}

/** Whether so many products have all the terms that those with some of them are of no interest, whatever the filter. */
export function enoughHaveAll(connection: DatabaseSync, terms: readonly Term[]): boolean {
  const sql = 'select count(*) from (select 1 from search_text where search_text match ? limit ?)'
  return rows<[number]>(connection, sql, expressionOf(terms, 'AND'), enoughWithAll)[0]?.[0] === enoughWithAll
}

/** Whether any product has the token. */
export function hasToken(connection: DatabaseSync, token: string): boolean {
  return rows(connection, 'select 1 from search_text where search_text match ? limit 1', quoted(token)).length > 0
}

/** An expression of FTS5 for products that have all the terms, or any of them. */
export function expressionOf(terms: readonly Term[], join: 'AND' | 'OR'): string {
  return terms.map((tokens) => (tokens.length === 1 ? quoted(tokens[0]) : `(${tokens.map(quoted).join(' OR ')})`)).join(` ${join} `)
}

function quoted(token: string): string {
  return `"${token}"`
}
