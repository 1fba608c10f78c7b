import type { DatabaseSync } from 'node:sqlite'
import { productCount } from './columns.ts'
import { candidateOf, evidenceOf, type Candidate, type Evidence } from './evidence.ts'
import { valuePairs } from './filter.ts'
import type { Term } from './query.ts'
import { rows } from './statements.ts'
import { fields } from './tables.ts'

/** So many of the best by bm25 are looked at closely; nearly all that people want is among them. */
export const rerankDepth = 200

/**
 * How much each piece of evidence counts: round numbers near the middle of what did well in cross-validation over judged queries.
 * `categoryShare` did not earn its place there; it is kept, small, for queries whose best matches agree on a category by far.
 */
const evidenceWeights: Readonly<Record<keyof Evidence, number>> = { text: 1, complete: 0.05, purpose: -0.1, categoryHead: 0.1, categoryShare: 0.03, typical: 0.03 }

/**
 * Scores the documents of these numbers, in their order, by more than the index can weigh; larger is better, rounded to 1e-9.
 * What a score says depends on the other documents: it orders them, nothing else.
 */
export function rerank(connection: DatabaseSync, terms: readonly Term[], docs: readonly number[]): number[] {
  return evidenceOf(readCandidates(connection, docs), terms, rarities(connection, terms)).map(weighted)
}

const evidenceNames = Object.keys(evidenceWeights) as (keyof Evidence)[]

function weighted(evidence: Evidence): number {
  let score = 0
  for (const name of evidenceNames) score += evidenceWeights[name] * evidence[name]
  return Math.round(score * 1e9) / 1e9
}

const columns = Object.keys(fields).map((field) => `t.${field}`).join(', ')

/** Texts of so many documents are kept: about 15 MB. */
const mostKept = 20_000
/** By connection and number: a document's texts never change. */
const kept = new WeakMap<DatabaseSync, Map<number, Candidate>>()

/** As many as asked for, in the same order. */
function readCandidates(connection: DatabaseSync, docs: readonly number[]): Candidate[] {
  let known = kept.get(connection)
  if (known === undefined) kept.set(connection, (known = new Map()))
  if (known.size > mostKept) known.clear()
  type Cells = readonly [doc: number, category: string | null, attributes: Uint8Array, ...texts: string[]]
  const missing = docs.filter((doc) => !known.has(doc))
  const found = missing.length === 0 ? [] : rows<Cells>(
    connection,
    `select j.value, d.category_id, s.attribute_values, ${columns} from json_each(?) j cross join search_text t on t.rowid = j.value
     join search_doc d on d.doc = j.value join search_detail s on s.doc = j.value`,
    JSON.stringify(missing),
  )
  for (const [doc, categoryId, attributes, ...texts] of found) known.set(doc, candidateOf(categoryId, texts, valuePairs(attributes)))
  return docs.flatMap((doc) => known.get(doc) ?? [])
}

/** How much it says that a product has the term: the logarithm of how few have it (Robertson and Spärck Jones, never below zero). */
function rarities(connection: DatabaseSync, terms: readonly Term[]): number[] {
  const total = productCount(connection)
  return terms.map((tokens) => {
    const having = tokens.map((token) => rows<[number]>(connection, 'select doc from search_vocabulary where term = ?', token)[0]?.[0] ?? 0)
    const most = Math.max(...having)
    return Math.log(1 + (total - most + 0.5) / (most + 0.5))
  })
}
