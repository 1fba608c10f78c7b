import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import type { Basket, Baskets } from '../../subgraphs/recommendation/train/baskets.ts'

const folder = new URL('../../../shared/data/gifts/', import.meta.url)

export const hasGifts = existsSync(folder)

/** Real sales, split at a moment: what is learned from, and the later baskets of two or more products that are asked for. */
export interface SplitSales {
  readonly learned: Baskets
  readonly later: readonly Basket[]
}

export function readGifts(split: string): SplitSales {
  const products = rows('products.csv').map((row) => row.id ?? '').toSorted()
  const places = new Map(products.map((id, at) => [id, at]))
  const items = new Map<string, Set<number>>()
  for (const { order_id = '', product_id = '' } of rows('order_lines.csv.gz')) {
    const own = items.get(order_id) ?? new Set()
    items.set(order_id, own.add(places.get(product_id) ?? -1))
  }
  const baskets = rows('orders.csv.gz').map(({ id = '', store_id = '', ordered_at = '' }): Basket => {
    return { items: [...(items.get(id) ?? [])].filter((item) => item >= 0).toSorted((a, b) => a - b), storeId: store_id, at: Date.parse(ordered_at) }
  })
  const moment = Date.parse(split)
  return {
    learned: { products, list: baskets.filter(({ at, items: own }) => at < moment && own.length > 0) },
    later: baskets.filter(({ at, items: own }) => at >= moment && own.length > 1),
  }
}

function rows(file: string): Record<string, string>[] {
  const bytes = readFileSync(new URL(file, folder))
  return parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, { columns: true })
}
