import type { DatabaseSync } from 'node:sqlite'
import type { SearchDocument } from './document.ts'
import { rows, statement } from './statements.ts'
import { fields } from './tables.ts'
import { stem } from './text.ts'

const columns = Object.keys(fields).join(', ')
const insertPrices = 'insert into search_price (doc, minor, currency, version) select d.doc, p.amount_minor, p.currency, ? from search_doc d join list_price p using (product_id)'

/** Writes documents; what it counts over them is written by `flush`, which must come last. */
export class IndexWriter {
  readonly #connection: DatabaseSync
  /** Change in the number of products with a word. */
  readonly #counts = new Map<string, number>()
  readonly #attributeIds = new Map<string, number>()
  readonly #valueIds = new Map<string, number>()

  readonly #empty: boolean
  #products = 0
  #priceVersion: number | null = null

  /** @param empty whether the index holds nothing yet, and each product comes once: then there is nothing to look for before a put. */
  constructor(connection: DatabaseSync, empty: boolean) {
    this.#connection = connection
    this.#empty = empty
  }

  put(document: SearchDocument): void {
    if (!this.#empty) this.remove(document.productId)
    const { productId, categoryId, brand, text, words } = document
    const doc = Number(this.#run('insert into search_doc (product_id, category_id, brand) values (?, ?, ?)', productId, categoryId, brand).lastInsertRowid)
    this.#run(`insert into search_text (rowid, ${columns}) values (?, ?, ?, ?, ?, ?)`, doc, text.name, text.category, text.brand, text.description, text.attributes)
    const pairs = Uint32Array.from([...this.#valueIdsOf(document)].flatMap(([id, attribute]) => [attribute, id]))
    statement(this.#connection, 'insert into search_detail (doc, words, attribute_values) values (?, ?, ?)').run(doc, words.join(' '), new Uint8Array(pairs.buffer))
    if (!this.#empty) this.#run(`${insertPrices} where d.doc = ?`, this.#newPriceVersion(), doc)
    this.#count(words, 1)
    this.#products += 1
  }

  /** Takes in the list price of a product that was put before; of another one, nothing. */
  price(productId: string): void {
    this.#run(
      `insert or replace into search_price (doc, minor, currency, version)
       select d.doc, p.amount_minor, p.currency, ? from search_doc d left join list_price p using (product_id) where d.product_id = ?`,
      this.#newPriceVersion(), productId,
    )
  }

  remove(productId: string): void {
    const [known] = rows<[doc: number, words: string]>(
      this.#connection, 'select doc, words from search_doc join search_detail using (doc) where product_id = ?', productId,
    )
    if (known === undefined) return
    const [doc, words] = known
    for (const table of ['search_doc', 'search_detail', 'search_price']) this.#run(`delete from ${table} where doc = ?`, doc)
    this.#run('delete from search_text where rowid = ?', doc)
    if (words !== '') this.#count(words.split(' '), -1)
    this.#products -= 1
  }

  /** Brings what is counted to what the documents hold. */
  flush(): void {
    if (this.#empty) this.#run(insertPrices, this.#newPriceVersion())
    this.#run('update search_total set products = products + ?, price_version = max(price_version, ?)', this.#products, this.#priceVersion ?? 0)
    this.#products = 0
    this.#priceVersion = null
    for (const [term, change] of this.#counts) {
      if (change === 0) continue
      const docs = rows<[number]>(this.#connection, 'select docs from search_term where term = ?', term)[0]?.[0] ?? 0
      if (docs + change > 0) {
        this.#run('insert into search_term (term, stem, docs) values (?, ?, ?) on conflict do update set docs = excluded.docs', term, stem(term), docs + change)
        if (docs === 0) for (const shortened of shortenings(term)) this.#run('insert into search_misspelling (shortened, term) values (?, ?)', shortened, term)
      } else {
        this.#run('delete from search_term where term = ?', term)
        for (const shortened of shortenings(term)) this.#run('delete from search_misspelling where shortened = ? and term = ?', shortened, term)
      }
    }
    this.#counts.clear()
  }

  #newPriceVersion(): number {
    return (this.#priceVersion ??= (rows<[number]>(this.#connection, 'select price_version from search_total')[0]?.[0] ?? 0) + 1)
  }

  #count(words: readonly string[], change: number): void {
    for (const word of words) this.#counts.set(word, (this.#counts.get(word) ?? 0) + change)
  }

  /** The attribute of each value, once. Attributes and values that no product has any more keep their ids until the next rebuild; nothing counts them. */
  #valueIdsOf({ attributes }: SearchDocument): Map<number, number> {
    const attributeOf = new Map<number, number>()
    for (const [name, value] of attributes) {
      const attribute = this.#id(this.#attributeIds, name, 'select id from search_attribute where name = ?', 'insert into search_attribute (name) values (?)', name)
      const id = this.#id(
        this.#valueIds, `${attribute} ${value}`,
        'select id from search_value where attribute = ? and value = ?', 'insert into search_value (attribute, value) values (?, ?)', attribute, value,
      )
      attributeOf.set(id, attribute)
    }
    return attributeOf
  }

  #id(known: Map<string, number>, key: string, find: string, insert: string, ...parameters: (string | number)[]): number {
    let id = known.get(key)
    if (id === undefined) {
      id = rows<[number]>(this.#connection, find, ...parameters)[0]?.[0] ?? Number(this.#run(insert, ...parameters).lastInsertRowid)
      known.set(key, id)
    }
    return id
  }

  #run(text: string, ...parameters: (string | number | null)[]) {
    return statement(this.#connection, text).run(...parameters)
  }
}

/** The word with one letter left out, each result once. */
export function shortenings(word: string): Set<string> {
  const letters = Array.from(word)
  return new Set(letters.map((_, at) => letters.toSpliced(at, 1).join('')))
}
