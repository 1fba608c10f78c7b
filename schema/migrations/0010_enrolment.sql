-- Codes with which a store's node makes itself known to origin, once; kept as hashes.
create table node_code (
  code_hash text collate "C" primary key,
  store_id text collate "C" not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_by text collate "C" -- the node that it has enrolled
);

-- The nodes that origin answers, each by its own key: its id is the key's thumbprint (RFC 7638).
create table node (
  id text collate "C" primary key,
  store_id text collate "C" not null,
  public_key text collate "C" not null, -- JWK
  enrolled_at bigint not null,
  revoked_at bigint
);
create index node_by_store on node (store_id);
