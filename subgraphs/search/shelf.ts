import type { SearchPart } from './part.ts'
import type { MinorAmount } from './store.ts'

/** What some matches cost, and whether they are there; each answered by its place among them. */
export interface Shelf {
  price(at: number): MinorAmount | null
  inStock(at: number): boolean
}

/** List prices as the index has them, and what a store has of its own in one statement. */
export async function shelfOf(docs: Uint32Array, storeId: string | null, withStock: boolean, search: SearchPart): Promise<Shelf> {
  const index = search.index()
  const ids = index.ids(docs)
  search.notePrices(ids)
  const list = index.prices(docs)
  const own = storeId === null ? [] : await search.store.shelf(ids, storeId, withStock)
  const byId = new Map(own.map((row) => [row.productId, row]))
  const row = (at: number) => byId.get(ids[at] ?? '')
  return { price: (at) => row(at)?.price ?? list[at] ?? null, inStock: (at) => row(at)?.inStock === true }
}
