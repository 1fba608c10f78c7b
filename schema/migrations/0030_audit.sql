-- Who changed what, when, from where, and what came of it: one row for each write of staff, made in the writer's own transaction.
-- No free text and no values: those stand in movement and price. Rows are only ever added; they go when they are out of retention.
create table audit_log (
  id bigint generated always as identity primary key,
  at bigint not null, -- when the write was recorded, by the clock of the database
  said_at bigint not null, -- when it was said, by the clock of who took it
  principal text collate "C" not null,
  mutation text collate "C" not null,
  operation_id text collate "C" not null,
  store_id text collate "C",
  subjects text collate "C" not null, -- JSON array of the ids of products or devices
  outcome text collate "C" not null, -- ACCEPTED, or the code of the refusal
  source text collate "C" not null, -- cloud, or edge:<store>
  request_id text collate "C"
);
create index audit_log_at on audit_log (at);
create index audit_log_principal on audit_log (principal, at);
create index audit_log_store on audit_log (store_id, at);

-- Whoever may write rows still may not change them; rows are dropped by the upkeep alone, which says so in its transaction.
create function audit_log_is_final() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('aisle.audit_upkeep', true) = 'on' then return old; end if;
  raise exception 'the audit log is only added to' using errcode = 'insufficient_privilege';
end $$;
create trigger final before update or delete on audit_log for each row execute function audit_log_is_final();
create trigger final_all before truncate on audit_log for each statement execute function audit_log_is_final();
