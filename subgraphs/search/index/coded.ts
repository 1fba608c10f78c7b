import type { DatabaseSync } from 'node:sqlite'
import { Codes, Counters } from './counters.ts'
import { valuePairs } from './filter.ts'
import { rows } from './statements.ts'

/** What is known of one document; what has a code is the same thing for the same number. */
export interface CodedDocument {
  readonly productId: string
  /** Code of its brand, for `brandName`; 0 for none. */
  readonly brand: number
  /** Code of its category, for `categoryId`; 0 for none. */
  readonly category: number
  /** Ids of its attributes, and of the value of each. */
  readonly attributes: Uint32Array
  readonly values: Uint32Array
}

/**
 * What a connection has read of its index and will not read again: the number of a document, an attribute or a value is never given
 * to another, and what it stands for never changes.
 */
export class CodedIndex {
  readonly #connection: DatabaseSync
  readonly #documents = new Map<number, CodedDocument>()
  readonly #brands = new Codes()
  readonly #categories = new Codes()
  readonly #counters = new Counters()
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

  /** How many of the documents have each brand, category and attribute, by code or id. */
  count(documents: readonly CodedDocument[]): Record<'brands' | 'categories' | 'attributes', Map<number, number>> {
    const counters = this.#counters
    for (const { brand } of documents) if (brand !== 0) counters.add(brand)
    const brands = counters.take()
    for (const { category } of documents) if (category !== 0) counters.add(category)
    const categories = counters.take()
    for (const { attributes } of documents) for (let at = 0; at < attributes.length; at += 1) counters.add(attributes[at] ?? 0)
    return { brands, categories, attributes: counters.take() }
  }

  /** How many of the documents have each value of some attributes, by attribute, then value. */
  countValues(documents: readonly CodedDocument[], some: readonly number[]): Map<number, Map<number, number>> {
    const wanted = new Uint8Array(Math.max(0, ...some) + 1)
    for (const attribute of some) wanted[attribute] = 1
    const counts = new Map(some.map((attribute) => [attribute, new Map<number, number>()]))
    for (const { attributes, values } of documents) {
      for (let at = 0; at < attributes.length; at += 1) {
        const attribute = attributes[at] ?? 0
        if (wanted[attribute] !== 1) continue
        const own = counts.get(attribute)
        const value = values[at] ?? 0
        own?.set(value, (own.get(value) ?? 0) + 1)
      }
    }
    return counts
  }

  brandName(code: number): string {
    return this.#brands.text(code)
  }

  categoryId(code: number): string {
    return this.#categories.text(code)
  }

  attributeName(id: number): string {
    return this.#text(this.#attributeNames, 'select name from search_attribute where id = ?', id)
  }

  valueText(id: number): string {
    return this.#text(this.#valueTexts, 'select value from search_value where id = ?', id)
  }

  #read(docs: readonly number[]): void {
    const found = rows<[doc: number, productId: string, brand: string | null, categoryId: string | null, pairs: Uint8Array]>(
      this.#connection,
      'select d.doc, d.product_id, d.brand, d.category_id, s.attribute_values from json_each(?) j cross join search_doc d on d.doc = j.value join search_detail s using (doc)',
      JSON.stringify(docs),
    )
    for (const [doc, productId, brand, categoryId, bytes] of found) {
      const pairs = valuePairs(bytes)
      const attributes = pairs.filter((_, at) => at % 2 === 0)
      const values = pairs.filter((_, at) => at % 2 === 1)
      this.#documents.set(doc, { productId, brand: this.#brands.code(brand), category: this.#categories.code(categoryId), attributes, values })
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
