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
  const { brands, categories, attributes } = columns.count(places)
  const inCategories = new Map([...categories].map(([code, count]) => [columns.categoryId(code), count]))
  const brandValues = [...brands].map(([code, count]) => ({ value: columns.brandName(code), label: columns.brandName(code), count }))
  const facets: IndexFacet[] = [
    { kind: 'CATEGORY', name: 'Category', values: most(categoryValues(connection, inCategories), mostValues) },
    { kind: 'BRAND', name: 'Brand', values: most(brandValues, mostValues) },
    ...attributeFacets(connection, places, attributes),
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

/** Attributes whose values are counted at once. */
const attributesAtOnce = 12

/** Those that most of the products have; values are counted, and texts read, only of attributes that may be shown. */
function attributeFacets(connection: DatabaseSync, places: Uint32Array, covered: ReadonlyMap<number, number>): IndexFacet[] {
  const columns = Columns.of(connection)
  const text = Texts.of(connection)
  const often = [...covered].filter(([, count]) => count >= 2 * leastShared)
  const ordered = often.toSorted(([a, countA], [b, countB]) => countB - countA || (text.attribute(a) < text.attribute(b) ? -1 : 1))
  const facets: IndexFacet[] = []
  for (let at = 0; at < ordered.length && facets.length < mostAttributes; at += attributesAtOnce) {
    const some = ordered.slice(at, at + attributesAtOnce)
    const counts = columns.countValues(places, some.map(([id]) => id))
    for (const [id, count] of some) {
      const own = counts.get(id)
      if (facets.length === mostAttributes || own === undefined || own.size < 2 || count < own.size * leastShared) continue
      const values = [...own].map(([value, having]): IndexFacetValue => ({ value: text.value(value), label: text.value(value), count: having }))
      if (!values.some(({ label }) => label.length > longestLabel)) facets.push({ kind: 'ATTRIBUTE', name: text.attribute(id), values: most(values, mostAttributeValues) })
    }
  }
  return facets
}

function most(values: readonly IndexFacetValue[], limit: number): IndexFacetValue[] {
  return values.toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, limit)
}

function add<Key>(counts: Map<Key, number>, key: Key, change: number): void {
  counts.set(key, (counts.get(key) ?? 0) + change)
}
