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
