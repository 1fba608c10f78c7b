import type { DatabaseSync } from 'node:sqlite'
import { rows } from './statements.ts'

/** What narrows the matches by what the index itself holds. Absent or empty lists narrow nothing. */
export interface IndexFilter {
  /** One of these categories, or below one. */
  readonly categoryIds?: readonly string[]
  readonly brands?: readonly string[]
  /** For each name, one of its values. */
  readonly attributes?: readonly { readonly name: string; readonly values: readonly string[] }[]
}

/** Conditions on a `search_doc d`, as SQL with its parameters. */
export interface Conditions {
  readonly sql: string
  readonly parameters: readonly string[]
}

/** Conditions for brand and category; attributes are told by `acceptedValues`. */
export function conditionsOf(filter: IndexFilter): Conditions {
  let sql = ''
  const parameters: string[] = []
  if (hasAny(filter.categoryIds)) {
    sql += ` and d.category_id in (
      with recursive below (id) as (select value from json_each(?) union select category.id from below join category on category.parent_id = below.id)
      select id from below)`
    parameters.push(JSON.stringify(filter.categoryIds))
  }
  if (hasAny(filter.brands)) {
    sql += ' and d.brand in (select value from json_each(?))'
    parameters.push(JSON.stringify(filter.brands))
  }
  return { sql, parameters }
}

/** Ids of the values of which a product has to have one, for each attribute that narrows. */
export function acceptedValues(connection: DatabaseSync, { attributes }: IndexFilter): ReadonlySet<number>[] {
  return (attributes ?? []).map(({ name, values }) => new Set(rows<[number]>(connection, valuesOfAttribute, name, JSON.stringify(values)).map(([id]) => id)))
}

const valuesOfAttribute = `select v.id from search_attribute a join search_value v on v.attribute = a.id
  where a.name = ? and v.value in (select value from json_each(?))`

/** What `search_detail.attribute_values` holds: the id of an attribute, that of its value, and so on. */
export function valuePairs(bytes: Uint8Array): Uint32Array {
  const { buffer, byteOffset, byteLength } = bytes
  return byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, byteLength / 4) : new Uint32Array(bytes.slice().buffer)
}

function hasAny<Value>(list: readonly Value[] | undefined): list is readonly Value[] {
  return list !== undefined && list.length > 0
}
