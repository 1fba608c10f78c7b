import type { DatabaseSync } from 'node:sqlite'
import { productCount } from './columns.ts'
import { expressionOf, type Term } from './query.ts'
import { correctWord } from './spelling.ts'
import { rows } from './statements.ts'
import { stem, wordsOf, type Word } from './text.ts'

/** A completion of what is being typed. */
export type IndexSuggestion =
  | { readonly kind: 'QUERY' | 'BRAND'; readonly text: string }
  | { readonly kind: 'PRODUCT' | 'CATEGORY'; readonly text: string; readonly id: string }

/** Completions of the last word that are tried together with the words before it. */
const mostTried = 12
/** Products that are counted to tell which goes best with them; of two that have more, the more common is the better. */
const mostCounted = 200
/** So short a beginning, or one with more products than these, fits too many names to tell one. */
const shortestForNames = 2
const mostNames = 500
/** A beginning of two letters is not looked up where the words that begin so stand in more texts than these: all would be read to find none. */
const mostBegun = 5_000

/** Completions, best first: searches, then brands and categories, then products by name. */
export function suggest(connection: DatabaseSync, prefix: string, first: number): IndexSuggestion[] {
  const words = wordsOf(prefix)
  const last = words.at(-1)
  if (last === undefined || first === 0) return []
  const found = [...brands(connection, words), ...categories(connection, words)]
  if (tellsNames(connection, last.surface)) found.push(...products(connection, words, first))
  const searches = queries(connection, words)
  // Half of the places for searches, unless there is too little else.
  const places = Math.max(Math.ceil(first / 2), first - found.length)
  return [...searches.slice(0, places), ...found].slice(0, first)
}

function tellsNames(connection: DatabaseSync, beginning: string): boolean {
  if (beginning.length !== shortestForNames) return beginning.length > shortestForNames
  const sql = 'select coalesce(sum(docs), 0) from search_term where term >= ?1 and term < ?2'
  return (rows<[number]>(connection, sql, beginning, after(beginning))[0]?.[0] ?? 0) <= mostBegun
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
    const terms = [...head, completion].map((word): Term => [stem(word)])
    const sql = `select count(*) from (select 1 from search_text where search_text match ? limit ${mostCounted})`
    return { completion, count: before.length === 0 ? 0 : (rows<[number]>(connection, sql, expressionOf(terms, 'AND'))[0]?.[0] ?? 0) }
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
  return brandsOf(connection)
    .filter(([name]) => begins(name, words))
    .slice(0, 3)
    .map(([text]) => ({ kind: 'BRAND', text }))
}

interface Brands {
  readonly newest: number
  readonly total: number
  /** Most products first. */
  readonly counted: readonly (readonly [name: string, products: number])[]
}

const knownBrands = new WeakMap<DatabaseSync, Brands>()

/** The brands of the catalogue, counted again once it has changed: a changed product has a new number, one that is gone has none. */
function brandsOf(connection: DatabaseSync): Brands['counted'] {
  const [newest = 0] = rows<[number | null]>(connection, 'select max(doc) from search_doc')[0]?.map((doc) => doc ?? 0) ?? []
  const total = productCount(connection)
  let known = knownBrands.get(connection)
  if (known?.newest !== newest || known.total !== total) {
    const sql = 'select brand, count(*) from search_doc where brand is not null group by brand order by count(*) desc, brand'
    knownBrands.set(connection, (known = { newest, total, counted: rows<[name: string, count: number]>(connection, sql) }))
  }
  return known.counted
}

function categories(connection: DatabaseSync, words: readonly Word[]): IndexSuggestion[] {
  const all = rows<[id: string, name: string]>(connection, 'select id, name from category order by name, id')
  return all
    .filter(([, name]) => begins(name, words))
    .slice(0, 3)
    .map(([id, text]) => ({ kind: 'CATEGORY', text, id }))
}

const surfaces = new Map<string, readonly string[]>()
const mostSurfaces = 20_000

/** Whether the name has the words, the last one perhaps only begun. Names are few and asked for again and again: their words are kept. */
function begins(name: string, words: readonly Word[]): boolean {
  let own = surfaces.get(name)
  if (own === undefined) {
    if (surfaces.size === mostSurfaces) surfaces.clear()
    surfaces.set(name, (own = wordsOf(name).map((word) => word.surface)))
  }
  return words.every(({ surface }, at) => own.some((part) => (at === words.length - 1 ? part.startsWith(surface) : part === surface)))
}

function products(connection: DatabaseSync, words: readonly Word[], first: number): IndexSuggestion[] {
  const wanted = `name : (${beginsWith(words)})`
  const [many] = rows(connection, 'select 1 from search_text where search_text match ? limit 1 offset ?', wanted, mostNames)
  if (many !== undefined) return []
  const found = rows<[id: string, name: string]>(
    connection,
    `select p.id, p.name from (
       select rowid as doc, round(bm25(search_text), 9) as score from search_text where search_text match ? order by score limit 200
     ) join search_doc d using (doc) join product p on p.id = d.product_id order by score, p.id limit ?`,
    wanted, first,
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
