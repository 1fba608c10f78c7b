import { sql, type Expression } from 'kysely'
import { currencyDigits, toMoney, type Money } from '../shared/money.ts'
import type { Storage } from '../storage/storage.ts'
import type { ReportGroup, StockGrouping } from './store.ts'

/** A row of the stock report as the graph shows it. */
export interface StockReportRow {
  readonly key: string | null
  readonly label: string
  readonly levels: number
  readonly onHand: number
  readonly outOfStock: number
  readonly belowReorderPoint: number
  readonly value: readonly Money[]
}

const groups = {
  STORE: { key: sql<string | null>`stock.store_id`, label: sql<string | null>`store.name` },
  CATEGORY: { key: sql<string | null>`product.category_id`, label: sql<string | null>`category.path` },
  BRAND: { key: sql<string | null>`product.brand`, label: sql<string | null>`product.brand` },
  PRODUCT: { key: sql<string | null>`stock.product_id`, label: sql<string | null>`product.name` },
} as const satisfies Record<StockGrouping, { key: Expression<string | null>; label: Expression<string | null> }>

/** Prices are summed up in two parts, as text: a dear price times many pieces leaves the integers of SQLite, and sooner those of JavaScript. */
const million = 1_000_000
const divisor = sql.lit(million)

/** Stock by group and currency, in one statement. A level is worth its pieces at the store's price, else at the list price. */
export async function stockReport({ db }: Storage, grouping: StockGrouping, storeId: string | null): Promise<ReportGroup[]> {
  const { key, label } = groups[grouping]
  const pieces = sql<number>`case when stock.on_hand > 0 then stock.on_hand else 0 end`
  const price = sql<number>`case when store_price.amount_minor is null then list_price.amount_minor else store_price.amount_minor end`
  const currency = sql<string | null>`case when store_price.amount_minor is null then list_price.currency else store_price.currency end`
  let query = db
    .selectFrom('stock')
    .leftJoin('store', 'store.id', 'stock.store_id')
    .leftJoin('product', 'product.id', 'stock.product_id')
    .leftJoin('category', 'category.id', 'product.category_id')
    .leftJoin('list_price', 'list_price.product_id', 'stock.product_id')
    .leftJoin('store_price', (join) => join.onRef('store_price.store_id', '=', 'stock.store_id').onRef('store_price.product_id', '=', 'stock.product_id'))
    .select((eb) => [
      key.as('key'),
      label.as('label'),
      currency.as('currency'),
      eb.fn.countAll().as('levels'),
      sql<number | string>`sum(${pieces})`.as('on_hand'),
      sql<number | string>`sum(case when stock.on_hand <= 0 then 1 else 0 end)`.as('out_of_stock'),
      sql<number | string>`sum(case when stock.on_hand <= stock.reorder_point then 1 else 0 end)`.as('below_reorder_point'),
      sql<string | null>`cast(sum(${pieces} * (${price} / ${divisor})) as text)`.as('value_millions'),
      sql<string | null>`cast(sum(${pieces} * (${price} % ${divisor})) as text)`.as('value_rest'),
    ])
    .groupBy([key, label, currency])
  if (storeId !== null) query = query.where('stock.store_id', '=', storeId)
  const rows = await query.execute()
  return rows.map((row) => ({
    key: row.key,
    label: row.label,
    currency: row.currency,
    levels: Number(row.levels),
    onHand: Number(row.on_hand),
    outOfStock: Number(row.out_of_stock),
    belowReorderPoint: Number(row.below_reorder_point),
    valueMinor: BigInt(row.value_millions ?? 0) * BigInt(million) + BigInt(row.value_rest ?? 0),
  }))
}

/**
 * One row a group out of one a group and currency: largest value first (amounts of several currencies are added as plain
 * numbers, for no rate is known here), then by label and key.
 */
export function reportRows(grouping: StockGrouping, parts: readonly ReportGroup[]): StockReportRow[] {
  // In one order whatever the database's, for a sum of floats depends on it.
  const byKey = Map.groupBy(
    parts.toSorted((a, b) => compareText(a.currency ?? '', b.currency ?? '')),
    (part) => part.key,
  )
  return [...byKey]
    .map(([key, group]) => ({ row: rowOf(grouping, key, group), worth: group.reduce((sum, part) => sum + majorUnits(part), 0) }))
    .toSorted((a, b) => b.worth - a.worth || compareText(a.row.label, b.row.label) || compareText(a.row.key ?? '', b.row.key ?? ''))
    .map(({ row }) => row)
}

function rowOf(grouping: StockGrouping, key: string | null, group: readonly ReportGroup[]): StockReportRow {
  const sum = (figure: (part: ReportGroup) => number): number => group.reduce((total, part) => total + figure(part), 0)
  return {
    key,
    label: labelOf(grouping, key, group[0]?.label ?? null),
    levels: sum((part) => part.levels),
    onHand: sum((part) => part.onHand),
    outOfStock: sum((part) => part.outOfStock),
    belowReorderPoint: sum((part) => part.belowReorderPoint),
    value: group.flatMap(({ currency, valueMinor }) => (currency === null ? [] : [toMoney(valueMinor, currency)])),
  }
}

function labelOf(grouping: StockGrouping, key: string | null, label: string | null): string {
  if (key === null) return grouping === 'CATEGORY' ? 'No category' : 'No brand'
  if (label === null) return key
  return grouping === 'CATEGORY' ? (JSON.parse(label) as string[]).join(' > ') : label
}

function majorUnits({ currency, valueMinor }: ReportGroup): number {
  return currency === null ? 0 : Number(valueMinor) / 10 ** currencyDigits(currency)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
