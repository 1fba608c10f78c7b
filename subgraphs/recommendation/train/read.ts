import { sql } from 'kysely'
import type { PostgresStorage } from '../../storage/postgres/storage.ts'
import type { Basket, Baskets } from './baskets.ts'
import type { ProductText } from './content.ts'

/** The catalogue and its sales, as training needs them. */
export interface TrainingData {
  readonly baskets: Baskets
  /** Of each product, in the order of `baskets.products`. */
  readonly texts: readonly ProductText[]
  /** Lines read, those of unknown products too. */
  readonly lines: number
}

const salesAtOnce = 5_000

/** Reads all of it; sales come page by page, as their lines may be many. */
export async function readTrainingData({ db }: PostgresStorage): Promise<TrainingData> {
  const rows = await db
    .selectFrom('product')
    .leftJoin('category', 'category.id', 'product.category_id')
    .select(['product.id', 'product.name', 'product.brand', 'category.path'])
    .orderBy('product.id')
    .execute()
  const places = new Map(rows.map(({ id }, at) => [id, at]))
  const list: Basket[] = []
  let lines = 0
  for (let after = ''; ; ) {
    const { rows: sales } = await sql<{ id: string; store_id: string | null; ordered_at: number; products: string[]; lines: number }>`
      select s.id, s.store_id, s.ordered_at, array_agg(distinct l.product_id) filter (where l.quantity > 0) as products, count(l.line) as lines
      from (select id, store_id, ordered_at from sale where id > ${after} order by id limit ${salesAtOnce}) s
      left join sale_line l on l.sale_id = s.id
      group by s.id, s.store_id, s.ordered_at order by s.id`.execute(db)
    for (const sale of sales) {
      lines += sale.lines
      const items = (sale.products ?? []).flatMap((id) => places.get(id) ?? []).toSorted((a, b) => a - b)
      if (items.length > 0) list.push({ items, storeId: sale.store_id, at: sale.ordered_at })
    }
    const last = sales.at(-1)
    if (last === undefined || sales.length < salesAtOnce) break
    after = last.id
  }
  return {
    baskets: { products: rows.map(({ id }) => id), list },
    texts: rows.map(({ name, brand, path }) => ({ name, brand, categoryPath: path === null ? [] : (JSON.parse(path) as string[]) })),
    lines,
  }
}
