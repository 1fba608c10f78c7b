import type { PostgresStorage } from '../../subgraphs/storage/postgres/storage.ts'

/** A chain large enough that the wrong plan shows: 20,000 products, 40 stores, half a million levels, as many rows of history. */
export const large = { products: 20_000, stores: 40, categories: 500, customers: 5_000, sales: 50_000, now: Date.UTC(2026, 5, 15) } as const

/** Fills an empty database; the log's triggers are off, or they would be what is measured. */
export async function fillLarge({ pool }: PostgresStorage): Promise<void> {
  const { products, stores, categories, customers, sales, now } = large
  const client = await pool.connect()
  try {
    for (const statement of [
      'set session_replication_role = replica',
      `insert into category select 'c' || n, case when n > 20 then 'c' || n % 20 + 1 end, 'Category ' || n, '["Category ' || n || '"]' from generate_series(1, ${categories}) n`,
      `insert into product select 'p' || n, 'Product ' || md5(n::text), 'About ' || md5(n::text), 'Brand' || n % 300, 'c' || n % ${categories} + 1, null, '[["size","' || n % 9 || '"]]', null from generate_series(1, ${products}) n`,
      `insert into list_price select 'p' || n, n % 9000 + 100, 'EUR', ${now} from generate_series(1, ${products}) n`,
      `insert into neighbours select 'p' || n, '[["p' || n % ${products} + 1 || '",0.5,"SIMILAR"]]', '[["p' || (n + 7) % ${products} + 1 || '",0.5,"BOUGHT_TOGETHER"]]' from generate_series(1, ${products}) n`,
      `insert into store (id, name, city, latitude, longitude, timezone) select 's' || n, 'Store ' || n, 'City ' || n % 12, 45 + n % 10, 2 + n % 15, 'Europe/Paris' from generate_series(1, ${stores}) n`,
      `insert into trending select 's' || n, '[["p1",3],["p2",2]]' from generate_series(1, ${stores}) n`,
      `insert into stock select 's' || s, 'p' || n, (n * s) % 40, 5, 30, ${now} - n from generate_series(1, ${stores}) s, generate_series(1, ${products}) n where (n + s) % 8 < 5`,
      `insert into store_price select 's' || s, 'p' || n, n % 8000 + 90, 'EUR', ${now} from generate_series(1, ${stores}) s, generate_series(1, ${products}, 10) n`,
      `insert into movement select gen_random_uuid()::text, 's' || n % ${stores} + 1, 'p' || n % ${products} + 1, 'SALE', -1, null, 5, ${now} - n * 1000::bigint, ${now} from generate_series(1, 200000) n`,
      `insert into sale select 'o' || n, 's' || n % ${stores} + 1, 'k' || n % ${customers}, ${now} - n * 60000::bigint from generate_series(1, ${sales}) n`,
      `insert into sale_line select 'o' || n, l, 'p' || (n * l) % ${products} + 1, 1, 500, 'EUR' from generate_series(1, ${sales}) n, generate_series(1, 3) l`,
      `insert into device select 'd' || n, 's' || n % ${stores} + 1, case when n % 3 = 0 then 'FREEZER' else 'DISPLAY' end, '1.0', 'ONLINE', ${now}, '["p1","p2"]' from generate_series(1, ${stores * 16}) n`,
      `select ensure_reading_partition(${now}), ensure_reading_partition(${now} - 2592000000)`,
      `insert into reading select 'd' || d, 'temperature', ${now} - n * 300000::bigint, -18, 's' || d % ${stores} + 1 from generate_series(3, ${stores * 16}, 12) d, generate_series(1, 3000) n`,
      `insert into operation select 'till', 'x' || n, 'recordStockMovement', 'h', '{}', ${now} from generate_series(1, 100000) n`,
      'reset session_replication_role',
      'analyze',
    ]) await client.query(statement)
  } finally {
    client.release()
  }
}
