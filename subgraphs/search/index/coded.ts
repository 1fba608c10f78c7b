import type { DatabaseSync } from 'node:sqlite'
import { valuePairs } from './filter.ts'
import { rows } from './statements.ts'

/** What facets count of one document. */
export interface CodedDocument {
  readonly brand: string | null
  readonly categoryId: string | null
  /** Ids of its attributes' values. */
  readonly values: Uint32Array
}

/**
 * What a connection has read of its index and will not read again: the number of a document, an attribute or a value is never given
 * to another, and what it stands for never changes.
 */
export class CodedIndex {
  readonly #connection: DatabaseSync
  readonly #documents = new Map<number, CodedDocument>()
  readonly #attributeOf = new Map<number, number>()
  #largestValue = 0
  /** By value, all 0 between two counts: a place in it costs a fraction of one in a map. */
  #counters = new Uint32Array()
  readonly #attributeNames = new Map<number, string>()
  readonly #valueTexts = new Map<number, string>()

  private constructor(connection: DatabaseSync) {
    this.#connection = connection
  }

  static #kept = new WeakMap<DatabaseSync, CodedIndex>()

  static of(connection: DatabaseSync): CodedIndex {
    let known = CodedIndex.#kept.get(connection)
    if (known === undefined) CodedIndex.#kept.set(connection, (known = new CodedIndex(connection)))
    return known
  }

  /** Those of the documents that are still there, or were read when they were. */
  documents(docs: readonly number[]): CodedDocument[] {
    if (this.#documents.size > mostKept) this.#documents.clear()
    const missing = docs.filter((doc) => !this.#documents.has(doc))
    if (missing.length > 0) this.#read(missing)
    return docs.flatMap((doc) => this.#documents.get(doc) ?? [])
  }

  /** How many of the documents have each value. */
  countValues(documents: readonly CodedDocument[]): Map<number, number> {
    if (this.#counters.length <= this.#largestValue) this.#counters = new Uint32Array(2 * (this.#largestValue + 1))
    const counters = this.#counters
    const seen: number[] = []
    for (const { values } of documents) {
      for (let at = 0; at < values.length; at += 1) {
        const value = values[at] ?? 0
        const count = counters[value] ?? 0
        if (count === 0) seen.push(value)
        counters[value] = count + 1
      }
    }
    const counts = new Map(seen.map((value) => [value, counters[value] ?? 0]))
    for (const value of seen) counters[value] = 0
    return counts
  }

  attributeOf(value: number): number {
    return this.#attributeOf.get(value) ?? 0
  }

  attributeName(id: number): string {
    return this.#text(this.#attributeNames, 'select name from search_attribute where id = ?', id)
  }

  valueText(id: number): string {
    return this.#text(this.#valueTexts, 'select value from search_value where id = ?', id)
  }

  #read(docs: readonly number[]): void {
    const found = rows<[doc: number, brand: string | null, categoryId: string | null, pairs: Uint8Array]>(
      this.#connection,
      'select d.doc, d.brand, d.category_id, s.attribute_values from json_each(?) j cross join search_doc d on d.doc = j.value join search_detail s using (doc)',
      JSON.stringify(docs),
    )
    for (const [doc, brand, categoryId, bytes] of found) {
      const pairs = valuePairs(bytes)
      const values = new Uint32Array(pairs.length / 2)
      for (const at of values.keys()) {
        const value = pairs[2 * at + 1] ?? 0
        values[at] = value
        this.#largestValue = Math.max(this.#largestValue, value)
        if (!this.#attributeOf.has(value)) this.#attributeOf.set(value, pairs[2 * at] ?? 0)
      }
      this.#documents.set(doc, { brand, categoryId, values })
    }
  }

  #text(known: Map<number, string>, select: string, id: number): string {
    let text = known.get(id)
    if (text === undefined) known.set(id, (text = rows<[string]>(this.#connection, select, id)[0]?.[0] ?? ''))
    return text
  }
}

/** Beyond these, documents that are long gone may fill the memory: about 100 MB. */
const mostKept = 200_000
