import type { DatabaseSync } from 'node:sqlite'
import { Columns } from './columns.ts'
import { rows } from './statements.ts'
import { Texts } from './texts.ts'

/** One property over which products were counted. */
export interface IndexFacet {
  readonly kind: 'BRAND' | 'CATEGORY' | 'ATTRIBUTE'
  readonly name: string
  /** Most products first; ties by value. */
  readonly values: readonly IndexFacetValue[]
}

export interface IndexFacetValue {
  /** What to filter by: a brand, a category's id, an attribute's value. */
  readonly value: string
  readonly label: string
  readonly count: number
}

const mostValues = 20
const mostAttributes = 6
const mostAttributeValues = 10
/** An attribute helps to choose when its values are shared: a model number is not, a colour is. */
const leastShared = 3
const longestLabel = 60

/** Counts over exactly the documents of these numbers. */
export function countFacets(connection: DatabaseSync, docs: Uint32Array): IndexFacet[] {
  const columns = Columns.of(connection)
  const places = columns.rowsOf(docs)
  const categories = columns.countCategories(places)
  const inCategories = new Map(Array.from(categories.numbers, (code, at) => [columns.categoryId(code), categories.counts[at] ?? 0]))
  const brands = columns.countBrands(places)
  const brandValues = Array.from(brands.numbers, (code, at) => ({ value: columns.brandName(code), label: columns.brandName(code), count: brands.counts[at] ?? 0 }))
  const facets: IndexFacet[] = [
    { kind: 'CATEGORY', name: 'Category', values: most(categoryValues(connection, inCategories), mostValues) },
    { kind: 'BRAND', name: 'Brand', values: most(brandValues, mostValues) },
    ...attributeFacets(connection, places),
  ]
  return facets.filter((facet) => facet.values.length > 0)
}

/** A category counts what is in it and below it, as its filter does. */
function categoryValues(connection: DatabaseSync, own: ReadonlyMap<string, number>): IndexFacetValue[] {
  const known = new Map(
    rows<[id: string, parent: string | null, name: string]>(
      connection,
      `with recursive above (id) as (select value from json_each(?) union select c.parent_id from above join category c using (id) where c.parent_id is not null)
       select id, parent_id, name from category where id in (select id from above)`,
      JSON.stringify([...own.keys()]),
    ).map(([id, parent, name]) => [id, { parent, name }]),
  )
  const counts = new Map<string, number>()
  for (const [id, count] of own) {
    const passed = new Set<string>()
    for (let at: string | null = id; at !== null && known.has(at) && !passed.has(at); at = known.get(at)?.parent ?? null) {
      passed.add(at)
      add(counts, at, count)
    }
  }
  return [...counts].map(([value, count]) => ({ value, label: known.get(value)?.name ?? value, count }))
}

/** Those that most of the products have; texts are read only of attributes that may be shown. */
function attributeFacets(connection: DatabaseSync, places: Uint32Array): IndexFacet[] {
  const columns = Columns.of(connection)
  const text = Texts.of(connection)
  const { numbers: values, counts } = columns.countValues(places)
  const attributes = columns.attributesOf(values)
  const facets: IndexFacet[] = []
  for (const attribute of tellingAttributes(attributes, counts, text)) {
    if (facets.length === mostAttributes) break
    const own: IndexFacetValue[] = []
    for (let at = 0; at < values.length; at += 1) {
      if (attributes[at] === attribute) own.push({ value: text.value(values[at] ?? 0), label: text.value(values[at] ?? 0), count: counts[at] ?? 0 })
    }
    if (!own.some(({ label }) => label.length > longestLabel)) facets.push({ kind: 'ATTRIBUTE', name: text.attribute(attribute), values: most(own, mostAttributeValues) })
  }
  return facets
}

/** Attributes by how many of the products have them. @param attributes of each value that was counted */
function tellingAttributes(attributes: Uint32Array, counts: Uint32Array, text: Texts): number[] {
  const size = attributes.reduce((largest, attribute) => Math.max(largest, attribute), 0) + 1
  const [having, different] = [new Uint32Array(size), new Uint32Array(size)]
  for (let at = 0; at < attributes.length; at += 1) {
    having[attributes[at]!]! += counts[at]!
    different[attributes[at]!]! += 1
  }
  const telling = Array.from(having.keys()).filter((attribute) => different[attribute]! >= 2 && having[attribute]! >= leastShared * different[attribute]!)
  return telling.toSorted((a, b) => having[b]! - having[a]! || (text.attribute(a) < text.attribute(b) ? -1 : 1))
}

function most(values: readonly IndexFacetValue[], limit: number): IndexFacetValue[] {
  return values.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, limit)
}

function add<Key>(counts: Map<Key, number>, key: Key, change: number): void {
  counts.set(key, (counts.get(key) ?? 0) + change)
}
