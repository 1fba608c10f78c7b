-- Changes are captured in the writer's transaction, then moved by one fenced sequencer to dense logs, one a scope.

create table outbox (
  seq bigint generated always as identity primary key,
  scope text collate "C" not null,
  entity text collate "C" not null,
  key jsonb not null,
  op text collate "C" not null check (op in ('put', 'delete')),
  row jsonb
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- Exactly one row: who may advance the log, and how far it is.
create table log_fence (
  id integer primary key check (id = 1),
  epoch text collate "C" not null,
  term bigint not null default 0,
  owner text collate "C",
  lease_until timestamptz not null default '-infinity',
  batch bigint not null default 0,
  batch_at bigint not null default 0
);
insert into log_fence (id, epoch) values (1, gen_random_uuid()::text);

create table log_scope (
  scope text collate "C" primary key,
  position bigint not null,
  floor bigint not null default 0 -- positions up to here are no longer in the log
);

create table log (
  scope text collate "C" not null,
  position bigint not null,
  batch bigint not null,
  entity text collate "C" not null,
  key jsonb not null,
  op text collate "C" not null,
  row jsonb,
  primary key (scope, position)
);
create index log_scope_batch on log (scope, batch, position);

create table log_batch (
  batch bigint primary key,
  at bigint not null -- when it was moved, epoch milliseconds
);

-- Arguments: the entity; the column that holds the store's id ('' for what belongs to the chain); the key columns.
-- AFTER ROW, so that the sequence is drawn under the row's lock and orders the changes of one row.
create function capture_change() returns trigger language plpgsql as $$
declare
  old_row jsonb; new_row jsonb; old_scope text; new_scope text; old_key jsonb := '[]'; new_key jsonb := '[]';
begin
  if tg_op <> 'INSERT' then
    old_row := to_jsonb(old);
    old_scope := case when coalesce(old_row ->> tg_argv[1], '') = '' then 'chain' else 'store:' || (old_row ->> tg_argv[1]) end;
    for i in 2 .. tg_nargs - 1 loop old_key := old_key || (old_row -> tg_argv[i]); end loop;
  end if;
  if tg_op <> 'DELETE' then
    new_row := to_jsonb(new);
    new_scope := case when coalesce(new_row ->> tg_argv[1], '') = '' then 'chain' else 'store:' || (new_row ->> tg_argv[1]) end;
    for i in 2 .. tg_nargs - 1 loop new_key := new_key || (new_row -> tg_argv[i]); end loop;
  end if;
  if tg_op = 'UPDATE' and old_row = new_row then return null; end if;
  if old_row is not null and (new_row is null or old_scope <> new_scope or old_key <> new_key) then
    insert into outbox (scope, entity, key, op) values (old_scope, tg_argv[0], old_key, 'delete');
  end if;
  if new_row is not null then
    insert into outbox (scope, entity, key, op, row) values (new_scope, tg_argv[0], new_key, 'put', new_row);
  end if;
  perform pg_notify('aisle_outbox', '');
  return null;
end $$;

create trigger capture after insert or update or delete on category for each row execute function capture_change('category', '', 'id');
create trigger capture after insert or update or delete on product for each row execute function capture_change('product', '', 'id');
create trigger capture after insert or update or delete on list_price for each row execute function capture_change('list_price', '', 'product_id');
create trigger capture after insert or update or delete on store for each row execute function capture_change('store', '', 'id');
create trigger capture after insert or update or delete on neighbours for each row execute function capture_change('neighbours', '', 'product_id');
create trigger capture after insert or update or delete on trending for each row execute function capture_change('trending', 'store_id', 'store_id');
create trigger capture after insert or update or delete on store_price for each row execute function capture_change('store_price', 'store_id', 'store_id', 'product_id');
create trigger capture after insert or update or delete on stock for each row execute function capture_change('stock', 'store_id', 'store_id', 'product_id');
create trigger capture after insert or update or delete on device for each row execute function capture_change('device', 'store_id', 'id');
create trigger capture after insert or update or delete on edge_operation for each row execute function capture_change('edge_operation', 'store_id', 'store_id', 'incarnation', 'n');
-- A store keeps its readings for seven days; older ones are history of the cloud.
create trigger capture after insert on reading for each row
  when (new.at >= extract(epoch from now()) * 1000 - 604800000)
  execute function capture_change('reading', 'store_id', 'device_id', 'metric', 'at');
