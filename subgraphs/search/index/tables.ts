import type { DatabaseSync } from 'node:sqlite'

/** The text columns, in the order of the index, each with its weight in the ranking. */
export const fields = { name: 8, category: 4, brand: 4, description: 2, attributes: 1 } as const

/** Raise it whenever the tables below, or what goes into them, change. */
export const indexVersion = 5

const derived = ['search_vocabulary', 'search_text', 'search_doc', 'search_detail', 'search_price', 'search_total', 'search_term', 'search_misspelling', 'search_attribute', 'search_value'] as const

/**
 * The FTS table keeps its own text: its answers then depend on the rows alone, never on how they came to be.
 * What it holds is text of `wordsOf`, whose tokens the ascii tokenizer passes as they are.
 */
const ddl = `
create virtual table search_text using fts5(${Object.keys(fields).join(', ')}, tokenize = "ascii tokenchars '.'");
-- How many products have each token.
create virtual table search_vocabulary using fts5vocab(search_text, row);
-- The number of a document is never given to another: readers keep what they know of it.
create table search_doc (doc integer primary key autoincrement, product_id text not null unique, category_id text, brand text);
create index search_doc_brand on search_doc (brand);
create index search_doc_category on search_doc (category_id);
-- words: what the vocabulary counts, space between; attribute_values: pairs of 32-bit ids, of search_attribute and search_value.
create table search_detail (doc integer primary key, words text not null, attribute_values blob not null);
-- The list price of each document that has or had one; version grows with every change, so that readers fetch what is new to them.
create table search_price (doc integer primary key, minor integer, currency text, version integer not null);
create index search_price_version on search_price (version);
-- One row: how many products there are, since counting them takes as long as a small search, and the newest version of a price.
create table search_total (products integer not null, price_version integer not null);
insert into search_total values (0, 0);
create table search_term (term text primary key, stem text not null, docs integer not null) without rowid;
create index search_term_stem on search_term (stem);
-- Every term with one letter left out: two words one error apart share a row.
create table search_misspelling (shortened text not null, term text not null, primary key (shortened, term)) without rowid;
create table search_attribute (id integer primary key, name text not null unique);
create table search_value (id integer primary key, attribute integer not null, value text not null, unique (attribute, value));
create index if not exists search_category_parent on category (parent_id);
`

export function createTables(connection: DatabaseSync): void {
  connection.exec(ddl)
}

export function dropTables(connection: DatabaseSync): void {
  for (const table of derived) connection.exec(`drop table if exists ${table}`)
}
