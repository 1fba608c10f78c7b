import type { DatabaseSync } from 'node:sqlite'
import { correctWord } from './spelling.ts'
import { rows } from './statements.ts'
import { stem, wordsOf } from './text.ts'

/** A search text as the index is asked. */
export interface ParsedQuery {
  /** What a match should have, each once; any token made by `wordsOf` is safe between quotes. */
  readonly tokens: readonly string[]
  /** The text that is really searched where a word was corrected, else null. */
  readonly corrected: string | null
}

/** Words beyond these say no more about what is wanted. */
const mostWords = 24

/** Reads any text whatever: operators, quotes and the like are only separators. */
export function parseQuery(connection: DatabaseSync, text: string): ParsedQuery {
  const surfaces: string[] = []
  const tokens: string[] = []
  let corrected = false
  for (const word of wordsOf(text).slice(0, mostWords)) {
    const correction = correctWord(connection, word.surface)
    surfaces.push(correction ?? word.surface)
    tokens.push(correction === null ? word.token : stem(correction))
    corrected ||= correction !== null
    if (word.joined !== null && hasToken(connection, word.joined.token)) tokens.splice(-word.joined.words, word.joined.words, word.joined.token)
  }
  return { tokens: [...new Set(tokens)], corrected: corrected ? surfaces.join(' ') : null }
}

/** Whether any product has the token. */
export function hasToken(connection: DatabaseSync, token: string): boolean {
  return rows(connection, 'select 1 from search_text where search_text match ? limit 1', quoted(token)).length > 0
}

/** An expression of FTS5 for products that have all the tokens, or any of them. */
export function expressionOf(tokens: readonly string[], join: 'AND' | 'OR'): string {
  return tokens.map(quoted).join(` ${join} `)
}

function quoted(token: string): string {
  return `"${token}"`
}
