import type { DatabaseSync } from 'node:sqlite'
import { valueIds } from './filter.ts'
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
  const values = new Map<number, number>()
  const products = rows<[brand: string | null, category: string | null, values: Uint8Array]>(
    connection,
    'select d.brand, d.category_id, s.attribute_values from json_each(?) j join search_doc d on d.product_id = j.value join search_detail s using (doc)',
    JSON.stringify(ids),
  )
  for (const [brand, category, attributeValues] of products) {
    if (brand !== null) add(brands, brand, 1)
    if (category !== null) add(categories, category, 1)
    for (const id of valueIds(attributeValues)) add(values, id, 1)
  }
  const brandValues = [...brands].map(([value, count]) => ({ value, label: value, count }))
  const facets: IndexFacet[] = [
    { kind: 'CATEGORY', name: 'Category', values: most(categoryValues(connection, categories), mostValues) },
    { kind: 'BRAND', name: 'Brand', values: most(brandValues, mostValues) },
    ...attributeFacets(connection, values),
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

function attributeFacets(connection: DatabaseSync, counts: ReadonlyMap<number, number>): IndexFacet[] {
  const byName = new Map<string, IndexFacetValue[]>()
  const named = rows<[id: number, name: string, value: string]>(
    connection, 'select id, name, value from search_value where id in (select value from json_each(?))', JSON.stringify([...counts.keys()]),
  )
  for (const [id, name, value] of named) {
    const list = byName.get(name)
    const item = { value, label: value, count: counts.get(id) ?? 0 }
    if (list === undefined) byName.set(name, [item])
    else list.push(item)
  }
  return [...byName]
    .map(([name, values]) => ({ name, values, covered: values.reduce((sum, { count }) => sum + count, 0) }))
    .filter(({ values, covered }) => values.length > 1 && covered >= values.length * leastShared && values.every(({ label }) => label.length <= longestLabel))
    .toSorted((a, b) => b.covered - a.covered || (a.name < b.name ? -1 : 1))
    .slice(0, mostAttributes)
    .map(({ name, values }) => ({ kind: 'ATTRIBUTE', name, values: most(values, mostAttributeValues) }))
}

function most(values: readonly IndexFacetValue[], limit: number): IndexFacetValue[] {
  return values.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, limit)
}

function add<Key>(counts: Map<Key, number>, key: Key, change: number): void {
  counts.set(key, (counts.get(key) ?? 0) + change)
}
