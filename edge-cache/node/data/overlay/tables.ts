import { seenStepMs } from '../../../../subgraphs/device/rules.ts'

/**
 * What pending writes add to the replica, in its own file so that both are read in one snapshot. Derived from the
 * outbox, never the truth. `shown_stock` holds every level as it is shown: a view over stock and its pending writes
 * would have to be computed whole for each outer join.
 */
export const overlayTables = `
create table overlay_operation (
  seq integer primary key,
  incarnation text not null,
  n integer not null,
  answer text,
  unique (incarnation, n)
);
create table overlay_stock (
  store_id text not null,
  product_id text not null,
  seq integer not null,
  counted integer,
  quantity integer,
  occurred_at integer not null,
  received_at integer not null,
  primary key (store_id, product_id, seq)
) without rowid;
create index overlay_stock_seq on overlay_stock (seq);
create index overlay_stock_count on overlay_stock (store_id, product_id, occurred_at) where counted is not null;
create table overlay_reading (
  device_id text not null,
  metric text not null,
  at integer not null,
  seq integer not null,
  value real not null,
  store_id text not null,
  primary key (device_id, metric, at, seq)
) without rowid;
create index overlay_reading_seq on overlay_reading (seq);
create table overlay_device (
  device_id text not null,
  seq integer not null,
  received_at integer not null,
  primary key (device_id, seq)
) without rowid;
create index overlay_device_seq on overlay_device (seq);
create table shown_stock (
  store_id text not null,
  product_id text not null,
  on_hand integer not null,
  reorder_point integer,
  order_up_to integer,
  updated_at integer not null,
  primary key (store_id, product_id)
) without rowid;
create index shown_stock_product on shown_stock (product_id, store_id);
`

export const overlayTableNames = ['overlay_operation', 'overlay_stock', 'overlay_reading', 'overlay_device', 'shown_stock'] as const

/** Finds a level without pending writes that is not shown as the replica has it. */
export const shownWrongly = `
with base as (select store_id, product_id, on_hand, reorder_point, order_up_to, updated_at from main.stock),
  shown as (select store_id, product_id, on_hand, reorder_point, order_up_to, updated_at from main.shown_stock),
  differing as (select * from (select * from base except select * from shown) union all select * from (select * from shown except select * from base))
select 1 from differing as d where not exists (select 1 from main.overlay_stock as o where o.store_id = d.store_id and o.product_id = d.product_id) limit 1
`

/** When a device was heard of by a pending write, to the minute; null without any. */
const heardOf = `(select max(o.received_at) / ${seenStepMs} * ${seenStepMs} from main.overlay_device as o where o.device_id = d.id)`

/**
 * What a reader sees under the names of the tables: SQLite resolves a plain name to a temporary view before the table
 * of the main file. Each can be flattened into the statements that use it, or narrowed to the keys they ask for.
 */
export const shownViews = `
create temp view stock as
  select store_id, product_id, on_hand, reorder_point, order_up_to, updated_at from main.shown_stock;
create temp view device as
  select id, store_id, kind, firmware,
    iif(${heardOf} >= coalesce(last_seen_at, 0), 'ONLINE', status) as status,
    iif(${heardOf} > coalesce(last_seen_at, 0), ${heardOf}, last_seen_at) as last_seen_at,
    shows
  from main.device as d;
create temp view reading as
  select device_id, metric, at, value, store_id from main.reading
  union all
  select device_id, metric, at, value, store_id from main.overlay_reading as o
  where not exists (select 1 from main.reading as r where r.device_id = o.device_id and r.metric = o.metric and r.at = o.at)
    and not exists (select 1 from main.overlay_reading as e where e.device_id = o.device_id and e.metric = o.metric and e.at = o.at and e.seq < o.seq);
`
