import type { DatabaseSync } from 'node:sqlite'
import { damerauDistance } from './distance.ts'
import { rows } from './statements.ts'
import { isCorrectable, stem } from './text.ts'
import { shortenings } from './writer.ts'

/** How much rarer a word must be for one more error to be the likelier story, as a natural logarithm (about 100 times). */
const errorCost = 4.6
/** People seldom get the first letter wrong. */
const firstLetterCost = 1.5
/** From this length on two errors are believed. */
const lengthForTwo = 6

/** Whether any product has the word, in singular or plural. */
export function isKnownWord(connection: DatabaseSync, surface: string): boolean {
  const sql = 'select 1 from search_term where term = ?1 union all select 1 from search_term where stem = ?2 limit 1'
  return rows(connection, sql, surface, stem(surface)).length > 0
}

/**
 * The word of the catalogue that was most likely meant by one that it does not have; null where none is near.
 * Likely: few errors away, and in many products (a noisy channel; candidates share a word with one letter left out,
 * after Garbe's symmetric deletes).
 */
export function correctWord(connection: DatabaseSync, surface: string): string | null {
  if (!isCorrectable(surface) || isKnownWord(connection, surface)) return null
  const shorter = shortenings(surface)
  const candidates = rows<[term: string, docs: number]>(
    connection,
    `select term, docs from search_term where term in (select value from json_each(?1))
     union select t.term, t.docs from search_misspelling m join search_term t on t.term = m.term where m.shortened in (select value from json_each(?2))`,
    JSON.stringify([...shorter]),
    JSON.stringify([surface, ...shorter]),
  )
  let best: { term: string; score: number } | null = null
  for (const [term, docs] of candidates) {
    const errors = damerauDistance(surface, term)
    if (errors > (surface.length >= lengthForTwo ? 2 : 1)) continue
    const score = Math.log(docs) - errors * errorCost - (surface[0] === term[0] ? 0 : firstLetterCost)
    if (best === null || score > best.score || (score === best.score && term < best.term)) best = { term, score }
  }
  return best?.term ?? null
}
