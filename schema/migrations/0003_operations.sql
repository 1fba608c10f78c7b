-- Every write a client names, with its outcome: the same id again gets the same answer.
create table operation (
  principal text collate "C" not null,
  operation_id text collate "C" not null,
  kind text collate "C" not null,
  payload_hash text collate "C" not null,
  outcome text collate "C" not null, -- JSON
  recorded_at bigint not null,
  primary key (principal, operation_id)
);

-- Every write a store's node delivered, by the node's own numbering. It enters the store's log in the batch of
-- its effect, so the node learns in one step that the write is done and what it did.
create table edge_operation (
  store_id text collate "C" not null,
  incarnation text collate "C" not null,
  n bigint not null,
  operation_id text collate "C" not null,
  payload_hash text collate "C" not null,
  outcome text collate "C" not null, -- JSON
  recorded_at bigint not null,
  primary key (store_id, incarnation, n)
);

-- What this database holds and when derived rows were made from it.
create table setting (
  key text collate "C" primary key,
  value text collate "C" not null
);
