-- What the chain sells, and where. Text sorts bytewise ("C") so that Postgres and SQLite agree;
-- times are epoch milliseconds, money is minor units, lists are JSON text.

create table category (
  id text collate "C" primary key,
  parent_id text collate "C",
  name text collate "C" not null,
  path text collate "C" not null -- JSON array of names, top level first
);
create index category_parent on category (parent_id, name, id);

create table product (
  id text collate "C" primary key,
  name text collate "C" not null,
  description text collate "C",
  brand text collate "C",
  category_id text collate "C",
  gtin text collate "C",
  attributes text collate "C" not null default '[]', -- JSON array of [name, value]
  image_url text collate "C"
);
create index product_category on product (category_id);

create table list_price (
  product_id text collate "C" primary key,
  amount_minor bigint not null,
  currency text collate "C" not null,
  updated_at bigint not null
);

create table store (
  id text collate "C" primary key,
  name text collate "C" not null,
  street text collate "C",
  city text collate "C",
  region text collate "C",
  postcode text collate "C",
  country text collate "C",
  latitude double precision,
  longitude double precision,
  timezone text collate "C" not null,
  opening_hours text collate "C"
);

-- One packed row a product: JSON array of [product id, score, reason], best first.
create table neighbours (
  product_id text collate "C" primary key,
  similar_to text collate "C" not null,
  bought_with text collate "C" not null
);

-- One packed row a store, and one with an empty id for the chain: JSON array of [product id, score].
create table trending (
  store_id text collate "C" primary key,
  items text collate "C" not null
);
