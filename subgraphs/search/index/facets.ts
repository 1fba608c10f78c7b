import type { DatabaseSync } from 'node:sqlite'
import { CodedIndex } from './coded.ts'
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

/** Counts over exactly the documents of these numbers. */
export function countFacets(connection: DatabaseSync, docs: readonly number[]): IndexFacet[] {
  const coded = CodedIndex.of(connection)
  const { brands, categories, values } = coded.count(coded.documents(docs))
  const inCategories = new Map([...categories].map(([code, count]) => [coded.categoryId(code), count]))
  const brandValues = [...brands].map(([code, count]) => ({ value: coded.brandName(code), label: coded.brandName(code), count }))
  const facets: IndexFacet[] = [
    { kind: 'CATEGORY', name: 'Category', values: most(categoryValues(connection, inCategories), mostValues) },
    { kind: 'BRAND', name: 'Brand', values: most(brandValues, mostValues) },
    ...attributeFacets(coded, values),
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

/** Those that most of the products have. Texts are read only of attributes that may be shown. */
function attributeFacets(coded: CodedIndex, counts: ReadonlyMap<number, number>): IndexFacet[] {
  const attributes = new Map<number, number[]>()
  for (const value of counts.keys()) {
    const attribute = coded.attributeOf(value)
    const values = attributes.get(attribute)
    if (values === undefined) attributes.set(attribute, [value])
    else values.push(value)
  }
  const shared = [...attributes].flatMap(([attribute, values]) => {
    const covered = values.reduce((sum, value) => sum + (counts.get(value) ?? 0), 0)
    return values.length > 1 && covered >= values.length * leastShared ? [{ name: coded.attributeName(attribute), values, covered }] : []
  })
  const facets: IndexFacet[] = []
  for (const { name, values } of shared.toSorted((a, b) => b.covered - a.covered || (a.name < b.name ? -1 : 1))) {
    const labelled = values.map((id) => ({ id, value: coded.valueText(id) }))
    if (labelled.some(({ value }) => value.length > longestLabel)) continue
    facets.push({ kind: 'ATTRIBUTE', name, values: most(labelled.map(({ id, value }) => ({ value, label: value, count: counts.get(id) ?? 0 })), mostAttributeValues) })
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
