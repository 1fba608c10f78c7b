import type { Database } from '../../subgraphs/storage/database.ts'
import type { Storage } from '../../subgraphs/storage/storage.ts'

type Rows = { readonly [Table in keyof Database]?: readonly Partial<Database[Table]>[] }

/** A small chain: three stores (one without a position), four products, prices in two currencies, awkward names. */
export const shop = {
  store: [
    { id: 's1', name: 'Zürich', street: 'Bahnhofstrasse 1', city: 'Zürich', country: 'CH', latitude: 47.3769, longitude: 8.5417, timezone: 'Europe/Zurich', opening_hours: 'Mo-Sa 9-20' },
    { id: 's2', name: 'Bern', latitude: 46.948, longitude: 7.4474, timezone: 'Europe/Zurich' },
    { id: 's3', name: 'avenue', timezone: 'Europe/London' },
  ],
  category: [
    { id: 'c1', parent_id: null, name: 'Drinks', path: '["Drinks"]' },
    { id: 'c2', parent_id: 'c1', name: 'Tea', path: '["Drinks","Tea"]' },
  ],
  product: [
    { id: 'p1', name: 'Green tea', brand: 'Leaf', category_id: 'c2', attributes: '[]' },
    { id: 'p2', name: 'Black tea', brand: 'Leaf', category_id: 'c2', attributes: '[]' },
    { id: 'p3', name: 'Kettle', brand: null, category_id: null, attributes: '[]' },
    { id: 'p4', name: 'Mystery', brand: 'Odd', category_id: 'gone', attributes: '[]' },
  ],
  list_price: [
    { product_id: 'p1', amount_minor: 450, currency: 'GBP', updated_at: 1_000 },
    { product_id: 'p2', amount_minor: 500, currency: 'GBP', updated_at: 1_000 },
    { product_id: 'p3', amount_minor: 3_000, currency: 'JPY', updated_at: 1_000 },
  ],
  store_price: [
    { store_id: 's1', product_id: 'p1', amount_minor: 399, currency: 'GBP', updated_at: 2_000 },
    { store_id: 's2', product_id: 'p2', amount_minor: 500, currency: 'GBP', updated_at: 2_000 },
    { store_id: 's2', product_id: 'p4', amount_minor: 1_250, currency: 'EUR', updated_at: 2_000 },
  ],
  stock: [
    { store_id: 's1', product_id: 'p1', on_hand: 10, reorder_point: 5, order_up_to: 20, updated_at: 5_000 },
    { store_id: 's1', product_id: 'p2', on_hand: 3, reorder_point: 5, order_up_to: 20, updated_at: 5_000 },
    { store_id: 's1', product_id: 'p3', on_hand: 0, reorder_point: null, order_up_to: null, updated_at: 5_000 },
    { store_id: 's1', product_id: 'p4', on_hand: -2, reorder_point: 1, order_up_to: 2, updated_at: 5_000 },
    { store_id: 's2', product_id: 'p1', on_hand: 7, reorder_point: null, order_up_to: null, updated_at: 5_000 },
    { store_id: 's2', product_id: 'p4', on_hand: 5, reorder_point: 5, order_up_to: 9, updated_at: 5_000 },
    { store_id: 's3', product_id: 'p1', on_hand: 1, reorder_point: 0, order_up_to: 4, updated_at: 5_000 },
  ],
  device: [
    { id: 'd1', store_id: 's1', kind: 'FREEZER', firmware: '1.0', status: 'ONLINE', last_seen_at: 60_000, shows: '[]' },
    { id: 'd2', store_id: 's1', kind: 'DISPLAY', firmware: null, status: 'UNKNOWN', last_seen_at: null, shows: '["p2","p1"]' },
    { id: 'd3', store_id: 's1', kind: 'FREEZER', firmware: '1.1', status: 'OFFLINE', last_seen_at: 60_000, shows: '[]' },
    { id: 'd4', store_id: 's2', kind: 'FREEZER', firmware: null, status: 'ONLINE', last_seen_at: 120_000, shows: '[]' },
  ],
} satisfies Rows

/** Writes rows as they are, columns left out being null. */
export async function fill({ db }: Storage, rows: Rows): Promise<void> {
  for (const table of Object.keys(rows) as (keyof Rows)[]) {
    const values = rows[table]
    if (values === undefined || values.length === 0) continue
    await db
      .insertInto(table)
      .values(values)
      .execute()
  }
}
