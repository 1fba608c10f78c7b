import type { DatabaseSync } from 'node:sqlite'
import type { Copy } from './copy.ts'

/** What is dearest to ask for in one store's copy, dearest first. */
export interface Samples {
  readonly stores: readonly string[]
  /** Any other store than the copy's; null where there is none. */
  readonly otherStore: string | null
  readonly products: readonly string[]
  readonly categories: readonly string[]
  readonly devices: readonly string[]
  readonly brands: readonly string[]
  readonly words: readonly string[]
  readonly metrics: readonly string[]
  readonly near: { readonly latitude: number; readonly longitude: number }
  /** Epoch milliseconds. */
  readonly readingsSince: number
  readonly asOf: number
}

export function readSamples({ connection, storeId }: Copy): Samples {
  const texts = (sql: string, ...parameters: string[]): string[] => column(connection, sql, parameters).map(String)
  const state = connection.prepare('select as_of, readings_since from replica_state').get()
  const place = connection.prepare('select latitude, longitude from store where id = ?').get(storeId)
  return {
    stores: [storeId],
    otherStore: texts('select id from store where id <> ? order by id limit 1', storeId)[0] ?? null,
    products: texts(`select p.id from product as p left join neighbours as n on n.product_id = p.id left join stock as s on s.product_id = p.id and s.store_id = ?
      order by s.product_id is null, coalesce(length(n.similar_to), 0) + coalesce(length(n.bought_with), 0) desc, p.id limit 500`, storeId),
    categories: texts(`with recursive above (id, top) as (select id, id from category union all select c.parent_id, a.top from category as c join above as a on c.id = a.id where c.parent_id is not null)
      select a.id from above as a join product as p on p.category_id = a.top group by a.id order by count(*) desc, a.id limit 3`),
    devices: texts(`select d.id from device as d order by (select count(*) from reading as r where r.device_id = d.id) + json_array_length(d.shows) desc, d.id limit 3`)
      .concat(texts('select id from device order by json_array_length(shows) desc, id limit 1')),
    brands: texts('select brand from product where brand is not null group by brand order by count(*) desc, brand limit 3'),
    words: texts('select term from search_term where length(term) > 2 order by docs desc, term limit 5'),
    metrics: texts('select metric from reading group by metric order by count(*) desc, metric limit 1'),
    near: { latitude: Number(place?.latitude ?? 0), longitude: Number(place?.longitude ?? 0) },
    readingsSince: Number(state?.readings_since),
    asOf: Number(state?.as_of),
  }
}

function column(connection: DatabaseSync, sql: string, parameters: readonly string[]): unknown[] {
  return connection.prepare(sql).all(...parameters).map((row) => Object.values(row)[0])
}
