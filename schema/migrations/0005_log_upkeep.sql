-- A log that is kept in bounds: superseded changes are dropped from its older part, and in the end the older part itself.

-- A cloud that was taken back to an earlier point gives the same number to another batch, with another stamp.
alter table log_batch add column stamp text collate "C";
alter table log_batch alter column stamp set default gen_random_uuid()::text;
alter table log_batch add column changes integer; -- how many it moved; unknown for batches of an older version

-- Positions right before this one whose changes were superseded and dropped: position - absorbed is the first it stands for.
alter table log add column absorbed bigint not null default 0;

-- The batches up to this one are compacted: only together, as one batch with this number, do they make a cut that the cloud had.
alter table log_fence add column compacted bigint not null default 0;

-- The newest batches are read once for all who wait, and the oldest are dropped.
create index log_by_batch on log (batch);

-- Outcomes are dropped after a year; stores hold them for weeks, and drop them by themselves.
create index operation_recorded on operation using brin (recorded_at);
create index edge_operation_recorded on edge_operation using brin (recorded_at);
drop trigger capture on edge_operation;
create trigger capture after insert or update on edge_operation for each row execute function capture_change('edge_operation', 'store_id', 'store_id', 'incarnation', 'n');

-- Capture without NOTIFY: its lock lets the transactions of the whole cluster commit one after the other. The sequencer looks by itself, and
-- one of an older version finds what waits with its lease, within a second or two.
create or replace function capture_change() returns trigger language plpgsql as $$
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
  return null;
end $$;

-- What was refused, for who asks why.
create index edge_operation_refused on edge_operation (store_id, recorded_at, incarnation, n) where outcome like '%"userErrors":[{%';
