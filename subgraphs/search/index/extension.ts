import type { DatabaseSync } from 'node:sqlite'
import type { ProductRow } from '../../storage/database.ts'
import type { EntityName } from '../../storage/entities.ts'
import type { AppliedChange, ReplicaExtension } from '../../storage/sqlite/extension.ts'
import { documentOf } from './document.ts'
import { rows, statement } from './statements.ts'
import { createTables, dropTables, indexVersion } from './tables.ts'
import { IndexWriter } from './writer.ts'

/** What a replica has to hold for the index. */
export const indexedEntities = ['category', 'product', 'list_price'] as const satisfies readonly EntityName[]

/** Keeps a full-text index over a replica's products, in the replica's own transactions. Needs the entities of `indexedEntities`. */
export const searchIndexExtension: ReplicaExtension = {
  name: 'search',
  version: indexVersion,
  module: { url: import.meta.url, name: 'searchIndexExtension' },
  create: createTables,
  rebuild(connection) {
    dropTables(connection)
    createTables(connection)
    holdBack(connection, 32)
    index(connection, statement(connection, `select ${productColumns} from product order by id`).iterate() as Iterable<unknown>, null, [])
    connection.exec(`insert into search_text (search_text) values ('optimize')`)
    holdBack(connection, 1)
  },
  apply(connection, changes) {
    const ids = touchedProducts(connection, changes)
    const priced = changes.flatMap(({ entity, key }) => (entity === 'list_price' ? String(key[0]) : []))
    if (ids.length + priced.length === 0) return
    const products = rows<Cells>(connection, `select ${productColumns} from product where id in (select value from json_each(?))`, JSON.stringify(ids))
    index(connection, products, ids, priced)
  },
}

/** How much FTS5 takes in before it writes a segment, in MiB (1 of itself): few large ones are merged sooner than many small ones. */
function holdBack(connection: DatabaseSync, mebibytes: number): void {
  // As a literal: FTS5 takes a whole number alone, and a bound one is not.
  connection.exec(`insert into search_text (search_text, rank) values ('hashsize', ${mebibytes * 1024 * 1024})`)
}

const productColumns = 'id, name, description, brand, category_id, attributes'
type Cells = readonly [id: string, name: string, description: string | null, brand: string | null, categoryId: string | null, attributes: string]

/** Products that changed themselves, and those in or below a category that changed. */
function touchedProducts(connection: DatabaseSync, changes: readonly AppliedChange[]): string[] {
  const ids = new Set<string>()
  const categories = new Set<string>()
  for (const { entity, key } of changes) {
    if (entity === 'product') ids.add(String(key[0]))
    if (entity === 'category') categories.add(String(key[0]))
  }
  if (categories.size > 0) {
    const below = rows<[string]>(
      connection,
      `with recursive below (id) as (
         select value from json_each(?) union select category.id from below join category on category.parent_id = below.id
       )
       select product_id from search_doc where category_id in (select id from below)`,
      JSON.stringify([...categories]),
    )
    for (const [id] of below) ids.add(id)
  }
  return [...ids]
}

/** Puts the products, then the prices of those `priced`; of `touched`, those that are no more are removed. Null stands for an index that is empty yet. */
function index(connection: DatabaseSync, products: Iterable<unknown>, touched: readonly string[] | null, priced: readonly string[]): void {
  const writer = new IndexWriter(connection, touched === null)
  const names = categoryNames(connection)
  const gone = new Set(touched ?? [])
  for (const cells of products as Iterable<Cells>) {
    const [id, name, description, brand, category_id, attributes] = cells
    const product: ProductRow = { id, name, description, brand, category_id, attributes, gtin: null, image_url: null }
    writer.put(documentOf(product, names(category_id)))
    gone.delete(id)
  }
  for (const id of gone) writer.remove(id)
  for (const id of priced) writer.price(id)
  writer.flush()
}

/** Finds the names from the top level down to a category; each category is read once. */
function categoryNames(connection: DatabaseSync): (id: string | null) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  const find = (id: string | null): readonly string[] => {
    if (id === null) return []
    let names = known.get(id)
    if (names === undefined) {
      // Also ends a walk around a circle of parents.
      known.set(id, [])
      const [category] = rows<[name: string, parentId: string | null]>(connection, 'select name, parent_id from category where id = ?', id)
      names = category === undefined ? [] : [...find(category[1]), category[0]]
      known.set(id, names)
    }
    return names
  }
  return find
}
