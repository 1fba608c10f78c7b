import type { DatabaseSync } from 'node:sqlite'
import { Columns } from './columns.ts'
import { acceptedValues, conditionsOf, type IndexFilter } from './filter.ts'
import { enoughHaveAll, expressionOf, parseQuery, type Term } from './query.ts'
import { Ranking } from './ranking.ts'
import { rerank, rerankDepth } from './rerank.ts'
import { rows } from './statements.ts'
import { fields } from './tables.ts'

export interface MatchRequest extends IndexFilter {
  /** What was typed. Empty or blank: every product, in order of id. */
  readonly query: string
}

/** All products that match, by scores rounded to 1e-9. */
export interface Matches {
  readonly ranking: Ranking
  /** The text that was searched instead, where a word was corrected. */
  readonly correctedQuery: string | null
}

/** More than bm25 gives to any query of `parseQuery`: products with all the words stand before those with some. */
const allWordsBonus = 1000

const rank = `bm25(search_text, ${Object.values(fields).map((weight) => weight.toFixed(1)).join(', ')})`

/** Above all that `allWordsBonus` lifts: those that were looked at closely stand before the others. */
const rerankedBonus = 2000

type Found = readonly [doc: number, score: number]

export function match(connection: DatabaseSync, request: MatchRequest): Matches {
  const columns = Columns.of(connection)
  const accepted = acceptedValues(connection, request)
  const conditions = conditionsOf(request)
  const select = (doc: string, from: string, score: string, where: string, ...parameters: string[]): Found[] => {
    const found = rows<Found>(connection, `select ${doc}, ${score} from ${from} where ${where} ${conditions.sql}`, ...parameters, ...conditions.parameters)
    if (accepted.length === 0) return found
    const places = columns.rowsOf(Uint32Array.from(found, ([number]) => number))
    return found.filter((_, at) => accepted.every((values) => columns.hasValue(places[at] ?? 0, values)))
  }
  const ranked = (found: readonly Found[]): Ranking =>
    new Ranking(Uint32Array.from(found, ([doc]) => doc), Float64Array.from(found, ([, score]) => score), (doc) => columns.idOf(doc))
  if (request.query.trim() === '') return { ranking: ranked(select('d.doc', 'search_doc d', '0', 'true')), correctedQuery: null }

  const { terms, corrected } = parseQuery(connection, request.query)
  if (terms.length === 0) return { ranking: ranked([]), correctedQuery: corrected }
  // Without conditions there is nothing to look up beside the words.
  const from = conditions.sql === '' ? 'search_text' : 'search_text join search_doc d on d.doc = search_text.rowid'
  const search = (expression: string): Found[] => select('search_text.rowid', from, `-${rank}`, 'search_text match ?', expression)
  const withAll = search(expressionOf(terms, 'AND'))
  // What was typed is what counts here; and asked without the filter, so that narrowing never brings in products that were no matches before.
  const typed = terms.map(([token]): Term => [token])
  const withAny = terms.length === 1 || enoughHaveAll(connection, typed) ? [] : search(expressionOf(typed, 'OR'))
  const ranking = ranked(allFirst(withAll, withAny))
  // Looks closely at the best and orders them anew; the others follow as they were.
  const best = ranking.slice(0, rerankDepth).map(({ doc }) => doc)
  ranking.lift(rerank(connection, terms, best).map((score) => rerankedBonus + score))
  return { ranking, correctedQuery: corrected }
}

/** Those with all the words above the others. */
function allFirst(withAll: readonly Found[], withAny: readonly Found[]): Found[] {
  const seen = new Set(withAll.map(([doc]) => doc))
  const rest = withAny.filter(([doc]) => !seen.has(doc)).map(([doc, score]): Found => [doc, rounded(score)])
  const bonus = rest.length === 0 ? 0 : allWordsBonus
  return [...withAll.map(([doc, score]): Found => [doc, rounded(score) + bonus]), ...rest]
}

function rounded(score: number): number {
  return Math.round(score * 1e9) / 1e9
}
