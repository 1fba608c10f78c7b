import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { AisleError } from '../../runtime/errors.ts'

/** One search text and what people said about products for it. */
export interface JudgedQuery {
  readonly id: string
  readonly text: string
  /** The same with one typing error, where the folder has it. */
  readonly misspelt: string | null
  /** How well a product answers it, 0 to 1; what nobody judged counts as 0. */
  readonly gains: ReadonlyMap<string, number>
}

const grades = new Map([['E', 1], ['S', 0.5], ['C', 0], ['I', 0]])
const highestRating = 3

/**
 * Reads `queries.csv`, `queries_typo.csv` and `judgements.csv` of a folder; each may be missing, or end in `.gz`. Queries without any
 * product that answers them are left out: nothing can be found for those.
 * @throws AisleError IMPORT_SOURCE_INVALID for a rating that is none.
 */
export function readJudgedQueries(folder: string): JudgedQuery[] {
  const gains = new Map<string, Map<string, number>>()
  for (const [at, { query_id = '', product_id = '', rating = '' }] of readTable(folder, 'judgements').entries()) {
    const gain = grades.get(rating) ?? Number(rating) / highestRating
    if (rating === '' || !(gain >= 0 && gain <= 1)) {
      throw new AisleError('IMPORT_SOURCE_INVALID', `judgements.csv, row ${at + 2}: the rating ${JSON.stringify(rating)} is neither 0 to 3 nor one of E, S, C, I.`)
    }
    const own = gains.get(query_id) ?? new Map<string, number>()
    gains.set(query_id, own.set(product_id, gain))
  }
  const misspelt = new Map(readTable(folder, 'queries_typo').map(({ query_id = '', query = '' }) => [query_id, query]))
  return readTable(folder, 'queries').flatMap(({ query_id = '', query = '' }) => {
    const judged = gains.get(query_id) ?? new Map<string, number>()
    return judged.values().some((gain) => gain > 0) ? [{ id: query_id, text: query, misspelt: misspelt.get(query_id) ?? null, gains: judged }] : []
  })
}

/** Rows of `<name>.csv` or `<name>.csv.gz`; none where the folder has neither. */
export function readTable(folder: string, name: string): Record<string, string>[] {
  const file = [`${name}.csv`, `${name}.csv.gz`].map((each) => join(folder, each)).find((each) => existsSync(each))
  if (file === undefined) return []
  const bytes = readFileSync(file)
  return parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, { columns: true, bom: true })
}
