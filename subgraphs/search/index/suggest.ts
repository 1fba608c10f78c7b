import type { DatabaseSync } from 'node:sqlite'
import { expressionOf } from './query.ts'
import { correctWord } from './spelling.ts'
import { rows } from './statements.ts'
import { stem, wordsOf, type Word } from './text.ts'

/** A completion of what is being typed. */
export type IndexSuggestion =
  | { readonly kind: 'QUERY' | 'BRAND'; readonly text: string }
  | { readonly kind: 'PRODUCT' | 'CATEGORY'; readonly text: string; readonly id: string }

/** Completions of the last word that are tried together with the words before it. */
const mostTried = 12
/** So short a beginning fits too many names to tell one. */
const shortestForNames = 2

/** Completions, best first: searches, then brands and categories, then products by name. */
export function suggest(connection: DatabaseSync, prefix: string, first: number): IndexSuggestion[] {
  const words = wordsOf(prefix)
  const last = words.at(-1)
  if (last === undefined || first === 0) return []
  const found = [...brands(connection, words), ...categories(connection, words)]
  if (last.surface.length >= shortestForNames || words.length > 1) found.push(...products(connection, words, first))
  const searches = queries(connection, words)
  // Half of the places for searches, unless there is too little else.
  const places = Math.max(Math.ceil(first / 2), first - found.length)
  return [...searches.slice(0, places), ...found].slice(0, first)
}

/** The words typed, the last one completed by words of the catalogue that go with the others, most products first. */
function queries(connection: DatabaseSync, words: readonly Word[]): IndexSuggestion[] {
  const before = words.slice(0, -1)
  const last = words.at(-1)?.surface ?? ''
  let completions = completionsOf(connection, last)
  if (completions.length === 0) {
    const corrected = correctWord(connection, last)
    completions = corrected === null ? [] : [corrected]
  }
  const head = before.map((word) => correctWord(connection, word.surface) ?? word.surface)
  const counted = completions.map((completion) => {
    const tokens = [...head, completion].map(stem)
    const sql = 'select count(*) from search_text where search_text match ?'
    return { completion, count: before.length === 0 ? 0 : (rows<[number]>(connection, sql, expressionOf(tokens, 'AND'))[0]?.[0] ?? 0) }
  })
  return counted
    .filter(({ count }) => before.length === 0 || count > 0)
    .toSorted((a, b) => b.count - a.count)
    .map(({ completion }) => ({ kind: 'QUERY', text: [...head, completion].join(' ') }))
}

/** One surface of each stem, the one in most products. */
function completionsOf(connection: DatabaseSync, beginning: string): string[] {
  const sql = `select term, max(docs) from search_term where term >= ?1 and term < ?2 group by stem order by max(docs) desc, term limit ${mostTried}`
  return rows<[term: string, docs: number]>(connection, sql, beginning, after(beginning)).map(([term]) => term)
}

function brands(connection: DatabaseSync, words: readonly Word[]): IndexSuggestion[] {
  const found = rows<[brand: string]>(
    connection,
    `select d.brand from search_text join search_doc d on d.doc = search_text.rowid where search_text match ? and d.brand is not null
     group by d.brand order by count(*) desc, d.brand limit 3`,
    `brand : (${beginsWith(words)})`,
  )
  return found.map(([text]) => ({ kind: 'BRAND', text }))
}

function categories(connection: DatabaseSync, words: readonly Word[]): IndexSuggestion[] {
  const wanted = words.map((word) => word.surface)
  const all = rows<[id: string, name: string]>(connection, 'select id, name from category order by name, id')
  return all
    .filter(([, name]) => {
      const own = wordsOf(name).map((word) => word.surface)
      return wanted.every((word, at) => own.some((part) => (at === wanted.length - 1 ? part.startsWith(word) : part === word)))
    })
    .slice(0, 3)
    .map(([id, text]) => ({ kind: 'CATEGORY', text, id }))
}

function products(connection: DatabaseSync, words: readonly Word[], first: number): IndexSuggestion[] {
  const found = rows<[id: string, name: string]>(
    connection,
    `select p.id, p.name from (
       select rowid as doc, round(bm25(search_text), 9) as score from search_text where search_text match ? order by score limit 200
     ) join search_doc d using (doc) join product p on p.id = d.product_id order by score, p.id limit ?`,
    `name : (${beginsWith(words)})`, first,
  )
  return found.map(([id, text]) => ({ kind: 'PRODUCT', text, id }))
}

/** An expression for texts that have the words, the last one perhaps only begun. */
function beginsWith(words: readonly Word[]): string {
  return words.map(({ token, surface }, at) => (at === words.length - 1 ? `"${stem(surface)}" *` : `"${token}"`)).join(' AND ')
}

/** The first text behind all that begin so. */
function after(beginning: string): string {
  return `${beginning}\u{10FFFF}`
}
