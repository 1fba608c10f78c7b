-- What belongs to one store.

create table store_price (
  store_id text collate "C" not null,
  product_id text collate "C" not null,
  amount_minor bigint not null,
  currency text collate "C" not null,
  updated_at bigint not null,
  primary key (store_id, product_id)
);

create table stock (
  store_id text collate "C" not null,
  product_id text collate "C" not null,
  on_hand integer not null,
  reorder_point integer,
  order_up_to integer,
  updated_at bigint not null,
  primary key (store_id, product_id)
);
create index stock_product on stock (product_id, store_id);

-- History of stock: movements are signed deltas, counts are observations with their time.
create table movement (
  id text collate "C" primary key,
  store_id text collate "C" not null,
  product_id text collate "C" not null,
  kind text collate "C" not null,
  quantity integer,
  counted integer,
  on_hand_after integer not null,
  occurred_at bigint not null,
  recorded_at bigint not null,
  check ((kind = 'COUNT') = (counted is not null)),
  check ((kind = 'COUNT') = (quantity is null))
);
create index movement_store_time on movement (store_id, occurred_at desc, id desc);
create index movement_store_product_time on movement (store_id, product_id, occurred_at desc, id desc);

create table device (
  id text collate "C" primary key,
  store_id text collate "C" not null,
  kind text collate "C" not null,
  firmware text collate "C",
  status text collate "C" not null default 'UNKNOWN',
  last_seen_at bigint,
  shows text collate "C" not null default '[]' -- JSON array of product ids
);
create index device_store on device (store_id, id);

-- Measurements, one partition a month; a device's readings stay with the store where they were taken.
create table reading (
  device_id text collate "C" not null,
  metric text collate "C" not null,
  at bigint not null,
  value double precision not null,
  store_id text collate "C" not null,
  primary key (device_id, metric, at)
) partition by range (at);

-- Makes the partition that holds the instant `at_ms`, where it is missing.
create function ensure_reading_partition(at_ms bigint) returns void language plpgsql as $$
declare
  month_start timestamptz := date_trunc('month', to_timestamp(at_ms / 1000.0), 'UTC');
  month_end timestamptz := date_trunc('month', month_start + interval '32 days', 'UTC');
  partition_name text := 'reading_' || to_char(month_start at time zone 'UTC', 'YYYYMM');
begin
  if to_regclass(partition_name) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext('ensure_reading_partition'));
  execute format(
    'create table if not exists %I partition of reading for values from (%s) to (%s)',
    partition_name, (extract(epoch from month_start) * 1000)::bigint, (extract(epoch from month_end) * 1000)::bigint
  );
end $$;

create table sale (
  id text collate "C" primary key,
  store_id text collate "C",
  customer_id text collate "C",
  ordered_at bigint not null
);
create index sale_customer on sale (customer_id, ordered_at desc) where customer_id is not null;
create index sale_time on sale (ordered_at);

create table sale_line (
  sale_id text collate "C" not null,
  line integer not null,
  product_id text collate "C" not null,
  quantity integer not null,
  unit_price_minor bigint not null,
  currency text collate "C" not null,
  primary key (sale_id, line)
);
