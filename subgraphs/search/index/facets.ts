import type { DatabaseSync } from 'node:sqlite'
import { valuePairs } from './filter.ts'
import { rows } from './statements.ts'

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

/** Counts over exactly these products. */
export function countFacets(connection: DatabaseSync, ids: readonly string[]): IndexFacet[] {
  const brands = new Map<string, number>()
  const categories = new Map<string, number>()
  const attributes = new Map<number, Map<number, number>>()
  const products = rows<[brand: string | null, category: string | null, values: Uint8Array]>(
    connection,
    'select d.brand, d.category_id, s.attribute_values from json_each(?) j join search_doc d on d.product_id = j.value join search_detail s using (doc)',
    JSON.stringify(ids),
  )
  for (const [brand, category, attributeValues] of products) {
    if (brand !== null) add(brands, brand, 1)
    if (category !== null) add(categories, category, 1)
    countPairs(attributes, valuePairs(attributeValues))
  }
  const brandValues = [...brands].map(([value, count]) => ({ value, label: value, count }))
  const facets: IndexFacet[] = [
    { kind: 'CATEGORY', name: 'Category', values: most(categoryValues(connection, categories), mostValues) },
    { kind: 'BRAND', name: 'Brand', values: most(brandValues, mostValues) },
    ...attributeFacets(connection, attributes),
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

/** Counts the values of each attribute. */
function countPairs(attributes: Map<number, Map<number, number>>, pairs: Uint32Array): void {
  for (let at = 0; at < pairs.length; at += 2) {
    const attribute = pairs[at] ?? 0
    let values = attributes.get(attribute)
    if (values === undefined) attributes.set(attribute, (values = new Map()))
    add(values, pairs[at + 1] ?? 0, 1)
  }
}

/** Those that most of the products have. Texts are read only of attributes that may be shown. */
function attributeFacets(connection: DatabaseSync, attributes: ReadonlyMap<number, ReadonlyMap<number, number>>): IndexFacet[] {
  const shared = [...attributes].flatMap(([id, values]) => {
    const covered = values.values().reduce((sum, count) => sum + count, 0)
    return values.size > 1 && covered >= values.size * leastShared ? [{ id, values, covered }] : []
  })
  const names = new Map(
    rows<[id: number, name: string]>(connection, 'select id, name from search_attribute where id in (select value from json_each(?))', JSON.stringify(shared.map(({ id }) => id))),
  )
  const named = shared.map((attribute) => ({ ...attribute, name: names.get(attribute.id) ?? '' }))
  const facets: IndexFacet[] = []
  for (const { name, values } of named.toSorted((a, b) => b.covered - a.covered || (a.name < b.name ? -1 : 1))) {
    const texts = rows<[id: number, value: string]>(connection, 'select id, value from search_value where id in (select value from json_each(?))', JSON.stringify([...values.keys()]))
    if (texts.some(([, value]) => value.length > longestLabel)) continue
    facets.push({ kind: 'ATTRIBUTE', name, values: most(texts.map(([id, value]) => ({ value, label: value, count: values.get(id) ?? 0 })), mostAttributeValues) })
    if (facets.length === mostAttributes) break
  }
  return facets
}

function most(values: readonly IndexFacetValue[], limit: number): IndexFacetValue[] {
  return values.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, limit)
}

function add<Key>(counts: Map<Key, number>, key: Key, change: number): void {
  counts.set(key, (counts.get(key) ?? 0) + change)
}
