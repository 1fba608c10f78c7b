import type { DatabaseSync } from 'node:sqlite'
import { CodedIndex } from './coded.ts'
import { attributeTest, conditionsOf, type IndexFilter } from './filter.ts'
import { enoughHaveAll, expressionOf, parseQuery, type Term } from './query.ts'
import { rerank, rerankDepth } from './rerank.ts'
import { rows } from './statements.ts'
import { fields } from './tables.ts'

export interface MatchRequest extends IndexFilter {
  /** What was typed. Empty or blank: every product, in order of id. */
  readonly query: string
}

/** All products that match, best first; ties by id. */
export interface Matches {
  readonly ids: readonly string[]
  /** The number of each in the index, for `SearchIndex.facets`. */
  readonly docs: readonly number[]
  /** Of each id; larger is better, rounded to 1e-9. */
  readonly scores: readonly number[]
  /** The text that was searched instead, where a word was corrected. */
  readonly correctedQuery: string | null
}

/** More than bm25 gives to any query of `parseQuery`: products with all the words stand before those with some. */
const allWordsBonus = 1000

const rank = `bm25(search_text, ${Object.values(fields).map((weight) => weight.toFixed(1)).join(', ')})`

/** Above all that `allWordsBonus` lifts: those that were looked at closely stand before the others. */
const rerankedBonus = 2000

type Hit = readonly [productId: string, doc: number, score: number]

export function match(connection: DatabaseSync, request: MatchRequest): Matches {
  const coded = CodedIndex.of(connection)
  const test = attributeTest(connection, request)
  const conditions = conditionsOf(request)
  const select = (doc: string, from: string, score: string, where: string, ...parameters: string[]): Hit[] => {
    const sql = `select ${doc}, ${score} from ${from} where ${where} ${conditions.sql}`
    const found = rows<readonly [doc: number, score: number]>(connection, sql, ...parameters, ...conditions.parameters)
    const documents = coded.documents(found.map(([number]) => number))
    const hits = found.map(([number, own], at): Hit => [documents[at]?.productId ?? '', number, own])
    return test === null ? hits : hits.filter((_, at) => test(documents[at]?.values ?? noValues))
  }
  if (request.query.trim() === '') return matches(sorted(select('d.doc', 'search_doc d', '0', 'true')), null)

  const { terms, corrected } = parseQuery(connection, request.query)
  if (terms.length === 0) return matches([], corrected)
  // Without conditions there is nothing to look up beside the words.
  const from = conditions.sql === '' ? 'search_text' : 'search_text join search_doc d on d.doc = search_text.rowid'
  const search = (expression: string): Hit[] => select('search_text.rowid', from, `round(-${rank}, 9)`, 'search_text match ?', expression)
  const withAll = search(expressionOf(terms, 'AND'))
  // What was typed is what counts here; and asked without the filter, so that narrowing never brings in products that were no matches before.
  const typed = terms.map(([token]): Term => [token])
  const withAny = terms.length === 1 || enoughHaveAll(connection, typed) ? [] : search(expressionOf(typed, 'OR'))
  return reranked(connection, terms, ranked(withAll, withAny), corrected)
}

const noValues = new Uint32Array()

/** Those with all the words before the others, each part best first. */
function ranked(withAll: readonly Hit[], withAny: readonly Hit[]): Hit[] {
  const seen = new Set(withAll.map(([id]) => id))
  const rest = withAny.filter(([id]) => !seen.has(id))
  const lifted = rest.length === 0 ? withAll : withAll.map(([id, doc, score]): Hit => [id, doc, score + allWordsBonus])
  return [...sorted(lifted), ...sorted(rest)]
}

/** Looks closely at the best and orders them anew; the others follow as they were. */
function reranked(connection: DatabaseSync, terms: readonly Term[], hits: readonly Hit[], correctedQuery: string | null): Matches {
  const best = hits.slice(0, rerankDepth)
  const scores = rerank(connection, terms, best.map(([, doc]) => doc))
  const anew = best.map(([id, doc], at): Hit => [id, doc, rerankedBonus + (scores[at] ?? 0)])
  return matches([...sorted(anew), ...hits.slice(rerankDepth)], correctedQuery)
}

function matches(hits: readonly Hit[], correctedQuery: string | null): Matches {
  return { ids: hits.map(([id]) => id), docs: hits.map(([, doc]) => doc), scores: hits.map(([, , score]) => score), correctedQuery }
}

function sorted(hits: readonly Hit[]): Hit[] {
  return hits.toSorted(([idA, , a], [idB, , b]) => b - a || (idA < idB ? -1 : 1))
}
