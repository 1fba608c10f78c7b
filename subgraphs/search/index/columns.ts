import type { DatabaseSync } from 'node:sqlite'
import { Codes, Counters, type Counted } from './counters.ts'
import { valuePairs } from './filter.ts'
import { GrowingNumbers, Places } from './growing.ts'
import { rows, statement } from './statements.ts'

/** A list price: minor units of a currency. */
export interface ListPrice {
  readonly minor: number
  readonly currency: string
}

type Cells = readonly [doc: number, productId: string, brand: string | null, category: string | null, pairs: Uint8Array, minor: number | null, currency: string | null]

const select = `select d.doc, d.product_id, d.brand, d.category_id, s.attribute_values, p.minor, p.currency
  from search_doc d join search_detail s using (doc) left join search_price p using (doc)`

/**
 * What facets, filters and sorts look at, column by column, a row each document that was asked for. Nothing is read again: the number
 * of a document, an attribute or a value is never given to another, and of what it stands for only the price changes.
 */
export class Columns {
  readonly #connection: DatabaseSync
  readonly #counters = new Counters()
  readonly #brands = new Codes()
  readonly #categories = new Codes()
  readonly #prices: (ListPrice | null)[] = [null]
  readonly #priceCodes = new Map<string, number>()
  #priceVersion: number
  /** The attribute of each value. */
  readonly #attributeOf = new GrowingNumbers()
  #table = emptyTable()

  private constructor(connection: DatabaseSync) {
    this.#connection = connection
    this.#priceVersion = this.#newestPrice()
  }

  static #kept = new WeakMap<DatabaseSync, Columns>()

  static of(connection: DatabaseSync): Columns {
    let known = Columns.#kept.get(connection)
    if (known === undefined) Columns.#kept.set(connection, (known = new Columns(connection)))
    return known
  }

  /** The row of each document, which holds until the next call. The documents are there. */
  rowsOf(docs: Uint32Array): Uint32Array {
    const missing = docs.filter((doc) => this.#table.places.at(doc) === -1)
    if (missing.length > 0) {
      const products = productCount(this.#connection)
      // Rows of documents long gone must not fill the memory.
      if (this.#table.ids.length + missing.length > 2 * products + fewRows) {
        this.#table = emptyTable()
        this.#read(docs, products)
      } else {
        this.#read(missing, products)
      }
    }
    return docs.map((doc) => this.#table.places.at(doc))
  }

  id(row: number): string {
    return this.#table.ids[row] ?? ''
  }

  /** The product of a document. */
  idOf(doc: number): string {
    return this.id(this.rowsOf(Uint32Array.of(doc))[0] ?? 0)
  }

  /** Whether a document has any of these values. */
  hasValue(row: number, values: ReadonlySet<number>): boolean {
    const end = this.#table.starts.at(row + 1)
    for (let at = this.#table.starts.at(row); at < end; at += 1) if (values.has(this.#table.values.at(at))) return true
    return false
  }

  /** How many of the rows have each brand, by code. */
  countBrands(some: Uint32Array): Counted {
    return this.#countColumn(this.#table.brand, some)
  }

  /** How many of the rows have each category, by code. */
  countCategories(some: Uint32Array): Counted {
    return this.#countColumn(this.#table.category, some)
  }

  /** How many of the rows have each value of an attribute. */
  countValues(some: Uint32Array): Counted {
    const [starts, values] = [this.#table.starts.view(), this.#table.values.view()]
    for (const row of some) this.#counters.addAll(values, starts[row] ?? 0, starts[row + 1] ?? 0)
    return this.#counters.take()
  }

  /** The attribute of each value. */
  attributesOf(values: Uint32Array): Uint32Array {
    const attributes = this.#attributeOf.view()
    return values.map((value) => attributes[value] ?? 0)
  }

  /** How many of the rows have each list price. */
  countPrices(some: Uint32Array): (ListPrice & { readonly count: number })[] {
    this.#refreshPrices()
    const { numbers, counts } = this.#countColumn(this.#table.price, some)
    return Array.from(numbers, (code, at) => ({ minor: 0, currency: '', ...this.#prices[code], count: counts[at] ?? 0 }))
  }

  #countColumn(column: GrowingNumbers, some: Uint32Array): Counted {
    for (const row of some) if (column.at(row) !== 0) this.#counters.add(column.at(row))
    return this.#counters.take()
  }

  listPrices(some: Uint32Array): (ListPrice | null)[] {
    this.#refreshPrices()
    return Array.from(some, (row) => this.#prices[this.#table.price.at(row)] ?? null)
  }

  /** Names of products, of the documents in these rows. */
  names(some: Uint32Array): string[] {
    const missing = [...some].filter((row) => this.#table.names[row] === undefined)
    if (missing.length > 0) {
      const sql = 'select p.name from json_each(?) j left join product p on p.id = j.value order by j.key'
      const names = rows<[string | null]>(this.#connection, sql, JSON.stringify(missing.map((row) => this.id(row))))
      for (const [at, row] of missing.entries()) this.#table.names[row] = names[at]?.[0] ?? ''
    }
    return Array.from(some, (row) => this.#table.names[row] ?? '')
  }

  brandName(code: number): string {
    return this.#brands.text(code)
  }

  categoryId(code: number): string {
    return this.#categories.text(code)
  }

  #read(docs: Uint32Array, products: number): void {
    // Most of them are read faster by reading all.
    if (2 * docs.length > products) {
      const wanted = new Set(docs)
      for (const cells of statement(this.#connection, select).iterate() as Iterable<unknown> as Iterable<Cells>) if (wanted.has(cells[0])) this.#add(cells)
      return
    }
    for (const cells of rows<Cells>(this.#connection, `${select} where d.doc in (select value from json_each(?))`, JSON.stringify([...docs]))) this.#add(cells)
  }

  #add([doc, productId, brand, category, bytes, minor, currency]: Cells): void {
    this.#table.places.set(doc, this.#table.ids.push(productId) - 1)
    this.#table.brand.push(this.#brands.code(brand))
    this.#table.category.push(this.#categories.code(category))
    this.#table.price.push(this.#priceCode(minor, currency))
    const pairs = valuePairs(bytes)
    for (let at = 0; at < pairs.length; at += 2) {
      this.#table.values.push(pairs[at + 1] ?? 0)
      this.#attributeOf.put(pairs[at + 1] ?? 0, pairs[at] ?? 0)
    }
    this.#table.starts.push(this.#table.values.length)
  }

  #refreshPrices(): void {
    type Change = [doc: number, minor: number | null, currency: string | null, version: number]
    for (const [doc, minor, currency, version] of rows<Change>(this.#connection, 'select doc, minor, currency, version from search_price where version > ?', this.#priceVersion)) {
      this.#priceVersion = Math.max(this.#priceVersion, version)
      const row = this.#table.places.at(doc)
      if (row !== -1) this.#table.price.put(row, this.#priceCode(minor, currency))
    }
  }

  #newestPrice(): number {
    return rows<[number]>(this.#connection, 'select price_version from search_total')[0]?.[0] ?? 0
  }

  #priceCode(minor: number | null, currency: string | null): number {
    if (minor === null || currency === null) return 0
    const key = `${minor} ${currency}`
    let code = this.#priceCodes.get(key)
    if (code === undefined) this.#priceCodes.set(key, (code = this.#prices.push({ minor, currency }) - 1))
    return code
  }
}

/** A row each document. */
interface Table {
  readonly places: Places
  readonly ids: string[]
  readonly names: (string | undefined)[]
  readonly brand: GrowingNumbers
  readonly category: GrowingNumbers
  readonly price: GrowingNumbers
  /** Where the values of each row begin among those of all rows, and where those of the last one end. */
  readonly starts: GrowingNumbers
  readonly values: GrowingNumbers
}

function emptyTable(): Table {
  const numbers = (): GrowingNumbers => new GrowingNumbers()
  const starts = numbers()
  starts.push(0)
  return { places: new Places(), ids: [], names: [], brand: numbers(), category: numbers(), price: numbers(), starts, values: numbers() }
}

/** So many rows of documents long gone do not matter. */
const fewRows = 20_000

/** How many products there are. */
export function productCount(connection: DatabaseSync): number {
  return rows<[number]>(connection, 'select products from search_total')[0]?.[0] ?? 0
}
